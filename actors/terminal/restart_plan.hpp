#pragma once

#include "actors/runtime/config_restart.hpp"
#include "actors/runtime/random.hpp"
#include "protocols/session_types.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace roost::terminal {

/// When a session's next program starts. Waits grow from restart to restart, as those of
/// Kubernetes' containers do, and a row of too many ends, as in OTP's supervisors; what ran well
/// for a while begins a new row. Jitter of a tenth keeps sessions that failed together from coming
/// back together. Pure; randomness comes in.
class restart_plan {
public:
  explicit restart_plan(const restart_limits& limits, std::uint32_t in_row = 0)
      : limits_(limits), in_row_(in_row) {}

  /// The program ended, or could not be started. @param has_failed another status than 0, a
  /// signal, or no start. @param ran_for how long it ran. @returns how long to wait before the
  /// next one; nothing: there is none, by the policy or because it was given up.
  std::optional<std::chrono::nanoseconds> next(restart_policy policy, bool has_failed,
                                               std::chrono::nanoseconds ran_for,
                                               random_source& random);

  /// `next` gives no longer one: a wait that was written down and is longer is of another clock.
  [[nodiscard]] std::chrono::nanoseconds longest_wait() const {
    const std::chrono::nanoseconds longest = limits_.longest;
    return longest + longest / 10;
  }
  /// Restarts since a program last ran for long enough.
  [[nodiscard]] std::uint32_t in_row() const { return in_row_; }
  /// The last program has no next one because it was one too many.
  [[nodiscard]] bool has_given_up() const { return has_given_up_; }

private:
  restart_limits limits_;
  std::uint32_t in_row_;
  bool has_given_up_ = false;
};

} // namespace roost::terminal
