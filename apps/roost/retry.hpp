#pragma once

#include <chrono>
#include <optional>

#include "apps/roost/outcome.hpp"
#include "apps/roost/reconnect_policy.hpp"

namespace roost::cli {

/// Blocks the thread; a signal with a handler may end it early.
void pause_for(std::chrono::milliseconds time);

/// Bridges a server that restarts: a verb that waits asks it after each failure whether to try
/// again. It gives up when the server could not be reached for a minute. Single thread.
class outage {
public:
  /// Waits (with jitter) and returns true if the failure is only that the server is away for now.
  bool bridge(const command_failure& why);
  /// The server has answered.
  void is_over() noexcept;

private:
  reconnect_policy policy_{os_random::instance()};
  std::optional<std::chrono::steady_clock::time_point> since_;
};

} // namespace roost::cli
