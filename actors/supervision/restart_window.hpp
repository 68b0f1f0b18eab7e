#pragma once

#include "actors/runtime/clock.hpp"
#include "protocols/supervision_types.hpp"

#include <deque>

namespace roost::supervision {

/// Counts restarts in a sliding window. Pure; holds at most `restarts` times.
class restart_window {
public:
  explicit restart_window(restart_intensity limit) : limit_(limit) {}

  /// Counts one restart at `now`, unless that would be one too many within the period. Times never
  /// go backwards.
  [[nodiscard]] bool admit(steady_time now);

private:
  restart_intensity limit_;
  std::deque<steady_time> admitted_;
};

} // namespace roost::supervision
