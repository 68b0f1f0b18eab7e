#pragma once

#include <chrono>

#include "actors/runtime/clock.hpp"

namespace roost::test {

/// A clock that stands still until a test moves it.
class manual_clock final : public clock {
public:
  steady_time now() const noexcept override { return steady_; }
  wall_time now_wall() const noexcept override { return wall_; }

  void advance(std::chrono::steady_clock::duration step) {
    steady_ += step;
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(step);
  }

  /// The calendar jumps (NTP, suspend) and the monotonic clock does not notice.
  void jump_wall(std::chrono::system_clock::duration step) { wall_ += step; }

private:
  // An arbitrary start that is not the epoch, so that "zero" is never taken for "now".
  steady_time steady_{std::chrono::hours(1)};
  wall_time wall_{std::chrono::hours(24 * 365 * 50)};
};

} // namespace roost::test
