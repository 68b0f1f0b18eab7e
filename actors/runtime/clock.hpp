#pragma once

#include <chrono>

namespace roost {

/// A point on the monotonic clock: for deadlines, windows and intervals.
using steady_time = std::chrono::steady_clock::time_point;
/// A point on the calendar clock: for what people read. Never for measuring; it may jump.
using wall_time = std::chrono::system_clock::time_point;

/// Where time comes from. Models take times as arguments; shells hold a `clock` so that tests can
/// hand them a manual one. Implementations may be called from any thread.
class clock {
public:
  virtual ~clock() = default;
  virtual steady_time now() const noexcept = 0;
  virtual wall_time now_wall() const noexcept = 0;
};

/// The machine's clocks.
class system_clock final : public clock {
public:
  steady_time now() const noexcept override { return std::chrono::steady_clock::now(); }
  wall_time now_wall() const noexcept override { return std::chrono::system_clock::now(); }

  /// The one instance that production code shares; lives for the whole program.
  static const system_clock& instance() noexcept {
    static const system_clock shared;
    return shared;
  }
};

} // namespace roost
