#include "actors/supervision/backoff.hpp"

#include <algorithm>

namespace roost::supervision {

std::chrono::milliseconds backoff::next(std::chrono::steady_clock::duration lived,
                                        random_source& random) {
  if (lived >= policy_.most)
    attempt_ = 0;
  auto delay = std::min(policy_.first, policy_.most);
  for (std::uint32_t i = 0; i < attempt_ && delay < policy_.most; ++i)
    delay = std::min(delay * 2, policy_.most);
  ++attempt_;
  const auto half = delay.count() / 2;
  return std::chrono::milliseconds(
      delay.count() - half +
      static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(half))));
}

} // namespace roost::supervision
