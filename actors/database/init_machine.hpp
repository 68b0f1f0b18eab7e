#pragma once

#include "actors/database/retry_pace.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/random.hpp"
#include "protocols/database_types.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace roost::database {

/// Why an attempt ended, or why a database that was ready is not any more.
struct init_failure {
  trouble kind = trouble::transient;
  std::string reason; ///< for people: no host, no SQL, no secret
};

/// The states of the database as others see them, and when to try again. Pure: no I/O, times and
/// chance are passed in. Not thread-safe.
///
/// Attempts go idle → connecting → locking → inspecting → migrating → verifying → ready. A failure
/// leads back to connecting; when the database has been away for longer than `grace` the state says
/// memory-only, and goes on trying. What only an operator can mend is blocked, and tried again
/// slowly: nothing is changed by looking.
class init_machine {
public:
  struct settings {
    database_backend backend = database_backend::sqlite;
    std::chrono::milliseconds grace{5'000};
    retry_pace::settings retry;
    std::size_t history = 64; ///< transitions that are kept
  };

  init_machine(settings with, wall_time now);

  /// An attempt begins.
  void begin(steady_time now, wall_time at);
  /// The attempt has got to a state between locking and verifying. @param step, steps of migrating.
  void advance(database_state to, std::uint32_t step, std::uint32_t steps, wall_time at);
  /// The attempt has succeeded. @param backlog writes that are not in the database yet.
  void succeed(std::uint32_t schema_version, std::uint64_t backlog, steady_time now, wall_time at);
  /// The attempt has failed, or what was ready is lost. @returns when to begin the next attempt.
  std::chrono::milliseconds fail(const init_failure& why, steady_time now, wall_time at,
                                 random_source& random);
  /// How many writes wait now: catching up ends at 0. @param trouble why the database has not taken
  /// any for long: it is catching up until it has.
  void set_backlog(std::uint64_t backlog, const std::string& trouble, wall_time at);
  /// Says memory-only if the grace is over. Call at `grace_ends`.
  void tick(steady_time now, wall_time at);

  [[nodiscard]] std::optional<steady_time> grace_ends() const;
  [[nodiscard]] database_state state() const { return report_.state; }
  /// Whether the database can be used: ready or catching up.
  [[nodiscard]] bool is_usable() const;
  [[nodiscard]] database_report report() const;

private:
  void enter(database_state to, std::string reason, wall_time at);

  settings settings_;
  retry_pace pace_;
  database_report report_;
  std::deque<database_transition> transitions_;
  std::optional<steady_time> away_since_;
  bool is_announced_away_ = false;
};

} // namespace roost::database
