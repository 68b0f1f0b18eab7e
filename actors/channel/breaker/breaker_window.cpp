#include "actors/channel/breaker/breaker_window.hpp"

#include <algorithm>

namespace roost::channel {

breaker_window::breaker_window(milliseconds length, steady_time origin)
    : width_(std::chrono::steady_clock::duration(std::max(length, milliseconds(1))) / count),
      newest_end_(origin + width_) {}

void breaker_window::add(bool is_failed, bool is_slow, steady_time now) {
  roll(now);
  for (auto* each : {&buckets_[newest_ % count], &sums_}) {
    each->calls += 1;
    each->failed += is_failed ? 1 : 0;
    each->slow += is_slow ? 1 : 0;
  }
}

void breaker_window::clear() {
  buckets_ = {};
  sums_ = {};
}

window_sums breaker_window::sums(steady_time now) const {
  if (now < newest_end_)
    return sums_;
  auto later = *this;
  later.roll(now);
  return later.sums_;
}

void breaker_window::roll(steady_time now) {
  if (now < newest_end_)
    return;
  const auto jump = static_cast<std::uint64_t>((now - newest_end_) / width_) + 1;
  // One cleared bucket for each that began, however long nobody called: else old sums would stay.
  for (std::uint64_t i = 1; i <= std::min(jump, count); ++i) {
    auto& oldest = buckets_[(newest_ + i) % count];
    sums_.calls -= oldest.calls;
    sums_.failed -= oldest.failed;
    sums_.slow -= oldest.slow;
    oldest = {};
  }
  newest_ += jump;
  newest_end_ += static_cast<std::int64_t>(jump) * width_;
}

} // namespace roost::channel
