#pragma once

#include "actors/runtime/random.hpp"

#include <chrono>
#include <cstdint>

namespace roost::channel {

/// How long to wait before a program that has ended is started again: not at all the first time,
/// then 100 ms, 200 ms … 10 s, each shortened by up to half at random ("equal jitter"), so that
/// helpers which fail together do not come back together. A program that ran for 30 s has proved
/// itself, and the row begins anew. Not thread-safe.
class restart_pace {
public:
  static constexpr std::chrono::milliseconds base{100};
  static constexpr std::chrono::milliseconds cap{10'000};
  static constexpr std::chrono::milliseconds proved{30'000};

  explicit restart_pace(std::uint64_t seed) : random_(seed) {}

  /// The wait after a program that ran for so long; 0: none.
  std::chrono::milliseconds next(std::chrono::steady_clock::duration ran);

private:
  seeded_random random_;
  std::uint32_t row_ = 0; ///< starts that did not prove themselves
};

} // namespace roost::channel
