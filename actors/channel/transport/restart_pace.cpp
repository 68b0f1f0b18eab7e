#include "actors/channel/transport/restart_pace.hpp"

#include <algorithm>

namespace roost::channel {

std::chrono::milliseconds restart_pace::next(std::chrono::steady_clock::duration ran) {
  using std::chrono::milliseconds;
  if (ran >= proved)
    row_ = 0;
  if (row_++ == 0)
    return milliseconds(0);
  constexpr std::uint32_t doublings = 7; // 100 ms · 2^7 is above the cap
  const auto full = std::min(cap, base * (std::int64_t{1} << std::min(row_ - 2, doublings)));
  const auto half = static_cast<std::uint64_t>(full.count()) / 2;
  return milliseconds(half + random_.between(0, half));
}

} // namespace roost::channel
