#pragma once

#include <chrono>
#include <cstdint>

namespace roost::channel {

/// How many calls at a time a helper can take, learnt from how long they take: when the latest ones
/// take longer than is usual, calls queue somewhere, and the limit falls. The rule is that of
/// Gradient2Limit in Netflix's concurrency-limits
/// (https://github.com/Netflix/concurrency-limits), with its constants; an overload that the helper
/// tells of is a call with the worst gradient, as its drops are in the other limits there. It
/// starts at `max`, since that is what the operator thinks right. Not thread-safe.
class adaptive_limit {
public:
  struct settings {
    bool operator==(const settings&) const = default;

    bool is_adaptive = false; ///< else the limit is `max`
    std::uint32_t min = 2;    ///< above `max` it counts as that
    std::uint32_t max = 32;   ///< at least 1
  };

  explicit adaptive_limit(settings s);

  /// Keeps what has been learnt, within the new bounds.
  void configure(settings s);
  /// @param in_flight calls out when this one ended, it included. Fewer than half of the limit say
  ///   nothing about it, so it does not change.
  void on_success(std::chrono::nanoseconds took, std::uint32_t in_flight);
  void on_overload();

  /// In [min, max], at least 1.
  [[nodiscard]] std::uint32_t value() const;

private:
  void move(double gradient, double headroom);

  settings settings_;
  double limit_;
  double usual_ns_ = 0; ///< exponential average
  std::uint32_t samples_ = 0;
};

} // namespace roost::channel
