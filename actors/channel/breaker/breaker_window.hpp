#pragma once

#include "actors/channel/breaker/breaker_types.hpp"
#include "actors/runtime/clock.hpp"

#include <array>
#include <cstdint>

namespace roost::channel {

/// Calls of the last while, as sums in a ring of time buckets. What is summed is between nine and
/// ten tenths of the length old at most: buckets leave whole. Time comes in; one before an earlier
/// one counts as that. Not thread-safe.
class breaker_window {
public:
  /// @param length at least 1 ms.
  /// @param origin where the first bucket begins.
  breaker_window(milliseconds length, steady_time origin);

  void add(bool is_failed, bool is_slow, steady_time now);
  /// Forgets all calls; the buckets' bounds stay where they are.
  void clear();
  [[nodiscard]] window_sums sums(steady_time now) const;

private:
  static constexpr std::uint64_t count = breaker_rules::buckets;

  void roll(steady_time now);

  std::chrono::steady_clock::duration width_;
  std::uint64_t newest_ = 0; ///< number of the newest bucket, from 0 at the origin
  steady_time newest_end_;
  std::array<window_sums, count> buckets_{}; ///< number n is at n % count
  window_sums sums_;
};

} // namespace roost::channel
