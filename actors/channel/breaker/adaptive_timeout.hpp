#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace roost::channel {

/// How long to wait for a helper, learnt from how long its answers take: three times the 99th
/// percentile, looked at anew each 30 s once there are 100 samples, at most 1.5 times as long or
/// 1.25 times as short at a step, so that a few odd calls cannot make it jump. Whoever records
/// decides which calls are fit to learn from: what is not recorded freezes it. Not thread-safe.
class adaptive_timeout {
public:
  struct settings {
    bool operator==(const settings&) const = default;

    bool is_adaptive = false;                 ///< else the time-out is `ceiling`
    std::chrono::milliseconds floor{50};      ///< above `ceiling` it counts as that
    std::chrono::milliseconds ceiling{2'000}; ///< at least 1 ms; where it starts
  };

  static constexpr std::chrono::seconds period{30};
  static constexpr std::size_t min_samples = 100;
  static constexpr std::size_t max_samples = 1000; ///< of a period; the newest stay

  adaptive_timeout(settings s, steady_time now);

  /// Keeps what has been learnt, within the new bounds.
  void configure(settings s, steady_time now);
  void record(std::chrono::nanoseconds took, steady_time now);

  /// In [floor, ceiling], rounded up.
  [[nodiscard]] std::chrono::milliseconds value() const;

private:
  void step();

  settings settings_;
  std::chrono::nanoseconds value_;
  steady_time stepped_at_;
  std::vector<std::chrono::nanoseconds> samples_; ///< a ring once it is full
  std::size_t next_ = 0;
};

} // namespace roost::channel
