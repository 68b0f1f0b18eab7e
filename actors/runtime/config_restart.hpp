#pragma once

#include <chrono>
#include <cstdint>

namespace roost {

/// How fast the programs of sessions with a restart policy are started again, and how often.
struct restart_limits {
  std::chrono::milliseconds first{1'000};    ///< the wait before the first restart in a row
  std::chrono::milliseconds longest{60'000}; ///< the wait doubles up to this
  std::chrono::milliseconds stable{10'000};  ///< a program that ran for this long ends the row
  std::uint32_t max = 100;                   ///< restarts in a row before it is given up
};

} // namespace roost
