#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the node tells of its database. No CAF: models and renderers use it.
namespace roost {

enum class database_state : std::uint8_t {
  idle,        ///< nothing was tried yet
  connecting,  ///< to the server
  locking,     ///< waits until no other node changes the schema
  inspecting,  ///< reads what was done to the schema
  migrating,   ///< changes it
  verifying,   ///< looks whether it is as it should be
  ready,       ///< in use
  memory_only, ///< not there: this node keeps what it has to write
  catching_up, ///< there again: what was kept is being written
  blocked,     ///< somebody has to act: the reason says what to do
};

/// Every state with the name it has in JSON, logs and metrics.
inline constexpr std::array<std::pair<database_state, std::string_view>, 10> database_states = {{
    {database_state::idle, "idle"},
    {database_state::connecting, "connecting"},
    {database_state::locking, "locking"},
    {database_state::inspecting, "inspecting"},
    {database_state::migrating, "migrating"},
    {database_state::verifying, "verifying"},
    {database_state::ready, "ready"},
    {database_state::memory_only, "memory-only"},
    {database_state::catching_up, "catching-up"},
    {database_state::blocked, "blocked"},
}};

constexpr std::string_view to_string(database_state state) {
  for (const auto& [value, name] : database_states)
    if (value == state)
      return name;
  return "unknown";
}

enum class database_backend : std::uint8_t { postgresql, sqlite, memory };

constexpr std::string_view to_string(database_backend backend) {
  switch (backend) {
  case database_backend::postgresql:
    return "postgresql";
  case database_backend::sqlite:
    return "sqlite";
  case database_backend::memory:
    return "memory";
  }
  return "unknown";
}

/// One step of the state machine.
struct database_transition {
  database_state to = database_state::idle;
  std::chrono::system_clock::time_point at{};
  std::string reason; ///< for people; empty where the state says it all
};

/// What `GET /database` shows.
struct database_report {
  database_state state = database_state::idle;
  std::chrono::system_clock::time_point since{};
  std::string reason; ///< why it is not ready; empty: it is, or is on its way
  database_backend backend = database_backend::sqlite;
  std::uint32_t attempt = 0; ///< failures in a row
  std::optional<std::chrono::system_clock::time_point> next_attempt_at;
  std::uint32_t schema_version = 0;
  std::uint32_t step = 0; ///< of `steps`, while it migrates
  std::uint32_t steps = 0;
  std::uint64_t outbox = 0;                     ///< writes that the database does not have yet
  std::vector<database_transition> transitions; ///< the last ones, oldest first
  /// How often each state was entered since the start, in the order of `database_states`.
  std::array<std::uint64_t, database_states.size()> entered{};
};

/// Where the initializer writes what others may know at any time, without asking it. Thread-safe.
class database_board {
public:
  [[nodiscard]] database_report get() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }
  void put(database_report now) {
    const std::lock_guard lock(mutex_);
    report_ = std::move(now);
  }

private:
  mutable std::mutex mutex_;
  database_report report_;
};

} // namespace roost
