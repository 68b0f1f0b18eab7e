#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace roost::connection {

/// What happened in the last second, ten seconds, minute: remembers what a set of monotonic totals
/// was at moments of the past, so that a window is a subtraction and counting costs nothing extra.
/// A pure model: time comes in and never goes back. Not thread-safe.
///
/// The past is kept in two grains: each step for the last 8 steps, and each fourth step up to the
/// longest window. So with samples in time a window of at most 8 steps (2 s) is at most one step
/// too long, a longer one at most four (1 s); a late sample adds how late it was.
///
/// Memory: with the defaults at most 17 + 70 snapshots of 8 bytes per counter, however often
/// `sample` is called: 272 KiB for 400 counters, 449 KiB for two `log_histogram`s and 50 more.
class counter_windows {
public:
  /// All totals are 0 at that moment.
  /// @param counters how many totals there are; every span below has that size.
  /// @param longest the longest window that can be asked for.
  /// @param step how often `sample` is nominally called; at least 2 ms.
  explicit counter_windows(std::size_t counters,
                           std::chrono::milliseconds longest = std::chrono::seconds(60),
                           std::chrono::milliseconds step = std::chrono::milliseconds(250));

  /// Remembers the totals as of now. A sample that comes less than half a step after the last is
  /// not needed and ignored.
  void sample(std::span<const std::uint64_t> totals, steady_time now);

  /// How much each total has grown since the newest snapshot that is at least `window` old, or
  /// since the start when there is none that old.
  /// @param window cut to `longest`.
  /// @param totals_now none smaller than when last sampled.
  [[nodiscard]] std::vector<std::uint64_t> over(std::chrono::milliseconds window,
                                                std::span<const std::uint64_t> totals_now,
                                                steady_time now) const;

  /// How many snapshots are held.
  [[nodiscard]] std::size_t snapshots() const { return fine_.kept.size() + coarse_.kept.size(); }

private:
  struct snapshot {
    steady_time at;
    std::vector<std::uint64_t> totals;
  };
  /// Snapshots at least `spacing` apart, oldest first; the first is the newest of those that are
  /// at least `reach` old, so the number is bounded by `reach / spacing`.
  struct grain {
    std::chrono::milliseconds spacing;
    std::chrono::milliseconds reach;
    std::deque<snapshot> kept{};

    void add(std::span<const std::uint64_t> totals, steady_time now);
    /// The newest taken at that time or earlier; null when there is none.
    [[nodiscard]] const snapshot* newest_by(steady_time time) const;
  };

  std::size_t counters_;
  std::chrono::milliseconds longest_;
  grain fine_;
  grain coarse_;
};

} // namespace roost::connection
