#pragma once

#include "actors/runtime/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace roost {

/// A token bucket (RFC 2698 has the idea): `rate` tokens a second, at most `burst` saved up. What
/// is taken may exceed what is there: the debt delays the next. Pure; time is passed in and never
/// goes back.
class token_bucket {
public:
  /// @param rate tokens per second; 0: no limit.
  /// @param burst at least 1.
  token_bucket(std::uint64_t rate, std::uint64_t burst)
      : rate_(static_cast<double>(rate)), burst_(static_cast<double>(burst)), tokens_(burst_) {}

  /// When something may be taken: `now` or later.
  [[nodiscard]] steady_time ready_at(steady_time now) {
    if (rate_ == 0)
      return now;
    refill(now);
    if (tokens_ > 0)
      return now;
    return now + std::chrono::nanoseconds(1 + static_cast<std::int64_t>(-tokens_ / rate_ * 1e9));
  }

  /// Takes `n` tokens, whatever is there.
  void take(std::uint64_t n) { tokens_ -= rate_ == 0 ? 0 : static_cast<double>(n); }

private:
  void refill(steady_time now) {
    if (last_ && now > *last_)
      tokens_ =
          std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - *last_).count());
    last_ = now;
  }

  double rate_;
  double burst_;
  double tokens_;
  std::optional<steady_time> last_;
};

} // namespace roost
