#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace roost::connection {

/// The shape of a histogram whose buckets are fixed: each power of two is cut into 8 equal buckets,
/// so a bucket's upper bound is less than 12.5 % above any value in it, and values below 16 are
/// exact. The idea is HdrHistogram's (Gil Tene, http://hdrhistogram.org: "buckets" that double,
/// linear "sub-buckets" inside), with three significant bits. The counts themselves live with the
/// caller as monotonic totals, so a window's histogram is the difference of two. All functions are
/// pure and take a few instructions, except `quantile`, which walks the counts once.
struct log_histogram {
  /// Values above count as this one (microseconds: 12 days; bytes: 1 TiB).
  static constexpr std::uint64_t largest = std::uint64_t{1} << 40;
  static constexpr std::size_t per_octave = 8;
  /// 0 to 15 one by one, 8 for each octave up to `largest`, and `largest` itself.
  static constexpr std::size_t buckets = 305;

  /// Where a value is counted: below `buckets`, never less for a greater value.
  static constexpr std::size_t bucket_of(std::uint64_t value) {
    value = std::min(value, largest);
    const auto bits = static_cast<std::size_t>(std::bit_width(value));
    const auto shift = bits > 4 ? bits - 4 : 0; // what is left of the value is below 16
    return shift * per_octave + static_cast<std::size_t>(value >> shift);
  }

  /// The greatest value that is counted there.
  /// @param bucket below `buckets`.
  static constexpr std::uint64_t upper_bound_of(std::size_t bucket) {
    if (bucket < 2 * per_octave)
      return bucket;
    const auto shift = bucket / per_octave - 1;
    const std::uint64_t next = bucket - shift * per_octave + 1;
    return std::min((next << shift) - 1, largest);
  }

  /// The upper bound of the bucket that holds the value with rank ⌈q·n⌉ of n; 0 when there is none.
  /// @param counts one per bucket; later buckets that are missing count as empty.
  /// @param q 0 (the smallest) to 1 (the greatest).
  static std::uint64_t quantile(std::span<const std::uint64_t> counts, double q) {
    std::uint64_t total = 0;
    for (const auto count : counts)
      total += count;
    // The next smaller number, as a product that should be whole may come out a trifle above.
    const auto rank =
        std::ceil(std::nextafter(std::clamp(q, 0.0, 1.0) * static_cast<double>(total), 0.0));
    std::uint64_t seen = 0;
    std::size_t last = 0;
    for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
      if (counts[bucket] == 0)
        continue;
      seen += counts[bucket];
      last = bucket;
      if (static_cast<double>(seen) >= rank)
        break;
    }
    return upper_bound_of(last);
  }
};

} // namespace roost::connection
