#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

/// What the node tells of its pools of connections to the shared database. No CAF: renderers use
/// it.
namespace roost {

enum class database_pool : std::uint8_t {
  app,       ///< what sessions and people wait for, and what the node writes
  init,      ///< changes of the schema, and the look whether the database is there
  analytics, ///< questions over everything: history, recordings, search
};

inline constexpr std::array<std::pair<database_pool, std::string_view>, 3> database_pools = {{
    {database_pool::app, "app"},
    {database_pool::init, "init"},
    {database_pool::analytics, "analytics"},
}};

/// What `GET /database` and the metrics show of a pool.
struct database_pool_report {
  std::uint64_t size = 0; ///< connections at most; 0: there is no shared database
  std::uint64_t busy = 0; ///< of them
  std::uint64_t waiting = 0;
  std::uint64_t asked = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t refused = 0; ///< too many were waiting
  std::uint64_t away = 0;    ///< questions while the database was not there
  std::uint64_t cancelled = 0;
  std::uint64_t waits = 0;         ///< questions that got a connection
  double waited_seconds = 0;       ///< until then, all of them together
  double longest_wait_seconds = 0; ///< of one
  friend bool operator==(const database_pool_report&, const database_pool_report&) = default;
};
using database_pools_report = std::array<database_pool_report, database_pools.size()>;

/// Where the pools write what others may know at any time. Thread-safe.
class database_pools_board {
public:
  [[nodiscard]] database_pools_report get() const {
    const std::lock_guard lock(mutex_);
    return report_;
  }
  void put(database_pool pool, const database_pool_report& now) {
    const std::lock_guard lock(mutex_);
    report_.at(static_cast<std::size_t>(pool)) = now;
  }

private:
  mutable std::mutex mutex_;
  database_pools_report report_;
};

} // namespace roost
