#include "actors/runtime/random.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <sys/random.h>

namespace roost {

std::uint64_t random_source::between(std::uint64_t low, std::uint64_t high) {
  const auto width = high - low;
  if (width == std::numeric_limits<std::uint64_t>::max())
    return next();
  // Rejection instead of a bare remainder: every value is equally likely.
  const auto buckets = width + 1;
  const auto limit = std::numeric_limits<std::uint64_t>::max() / buckets * buckets;
  for (;;) {
    if (const auto bits = next(); bits < limit)
      return low + bits % buckets;
  }
}

void random_source::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const auto bits = next();
    const auto count = std::min(out.size(), sizeof(bits));
    std::memcpy(out.data(), &bits, count);
    out = out.subspan(count);
  }
}

std::uint64_t os_random::next() {
  std::uint64_t bits = 0;
  for (;;) {
    // Up to 256 bytes are never cut short once the pool is initialised; only a signal can be early.
    if (::getrandom(&bits, sizeof(bits), 0) == static_cast<ssize_t>(sizeof(bits)))
      return bits;
    if (errno != EINTR) {
      std::perror("getrandom");
      std::abort();
    }
  }
}

os_random& os_random::instance() noexcept {
  static os_random shared;
  return shared;
}

} // namespace roost
