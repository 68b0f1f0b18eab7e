#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace roost::connection {

/// When pressure rises and falls, as parts of a gauge's capacity. A `release` above `at` counts as
/// `at`, since a level must not fall while its cause is there.
struct pressure_settings {
  double at = 0.85;      ///< level 1 from here on
  double release = 0.75; ///< level 0 below
  /// How long it must be quiet before a level falls, and the least time before a fall after any
  /// change.
  std::chrono::milliseconds dwell{5'000};
};

/// Something that can fill up.
struct pressure_gauge {
  std::string_view name{}; ///< of a literal; what the log and the pressure message call it
  std::uint64_t used = 0;
  std::uint64_t capacity = 0; ///< 0: without a limit, no gauge
};

/// How tight it is, and where it is tightest.
struct pressure_state {
  int level = 0;            ///< 0 room, 1 getting tight, 2 a gauge is full
  std::string_view gauge{}; ///< the one with the greatest part used; empty when there is no gauge
  std::uint64_t used = 0;
  std::uint64_t capacity = 0;
};

/// Turns gauges into a level with hysteresis, so that whoever is told hears of a change and not of
/// a flutter. Rising is immediate: level 2 when any gauge is full, level 1 when any is at or above
/// `at`. Falling needs quiet for `dwell`, counted from the first update that saw it and without an
/// exception since: from 2 no gauge full, to 0 every gauge below `release`; and `dwell` since the
/// last change. 2 may fall to 0 at once. A pure model: time comes in and never goes back. Not
/// thread-safe.
class pressure {
public:
  explicit pressure(pressure_settings settings) : settings_(settings) {}

  /// The next update goes by these; what has been seen until now stays as it was judged.
  void set(pressure_settings settings) { settings_ = settings; }

  /// Looks at the gauges of now. Returns the new state when the level has changed.
  std::optional<pressure_state> update(std::span<const pressure_gauge> gauges, steady_time now);

  /// As of the last update.
  [[nodiscard]] const pressure_state& state() const { return state_; }

private:
  pressure_settings settings_;
  pressure_state state_;
  std::optional<steady_time> changed_;        ///< the level, last
  std::optional<steady_time> not_full_since_; ///< nothing while a gauge is full
  std::optional<steady_time> released_since_; ///< nothing while a gauge is at `release` or above
};

} // namespace roost::connection
