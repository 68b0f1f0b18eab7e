#include "actors/channel/breaker/adaptive_timeout.hpp"

#include <algorithm>

namespace roost::channel {
namespace {

adaptive_timeout::settings in_order(adaptive_timeout::settings s) {
  s.ceiling = std::max(s.ceiling, std::chrono::milliseconds(1));
  s.floor = std::min(s.floor, s.ceiling);
  return s;
}

} // namespace

adaptive_timeout::adaptive_timeout(settings s, steady_time now)
    : settings_(in_order(s)), value_(settings_.ceiling), stepped_at_(now) {}

void adaptive_timeout::configure(settings s, steady_time now) {
  const bool begins = s.is_adaptive && !settings_.is_adaptive;
  settings_ = in_order(s);
  if (begins)
    *this = adaptive_timeout(settings_, now);
  value_ = std::clamp<std::chrono::nanoseconds>(value_, settings_.floor, settings_.ceiling);
}

void adaptive_timeout::record(std::chrono::nanoseconds took, steady_time now) {
  if (!settings_.is_adaptive)
    return;
  if (samples_.size() < max_samples)
    samples_.push_back(took);
  else
    samples_[next_] = took;
  next_ = (next_ + 1) % max_samples;
  if (now - stepped_at_ < period || samples_.size() < min_samples)
    return;
  step();
  stepped_at_ = now;
  samples_.clear();
  next_ = 0;
}

void adaptive_timeout::step() {
  // The smallest sample that 99 of 100 do not exceed.
  const auto rank = (samples_.size() * 99 + 99) / 100 - 1;
  const auto p99 = samples_.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(samples_.begin(), p99, samples_.end());
  const auto wanted = std::clamp(3 * *p99, value_ * 4 / 5, value_ * 3 / 2);
  value_ = std::clamp<std::chrono::nanoseconds>(wanted, settings_.floor, settings_.ceiling);
}

std::chrono::milliseconds adaptive_timeout::value() const {
  return settings_.is_adaptive ? std::chrono::ceil<std::chrono::milliseconds>(value_)
                               : settings_.ceiling;
}

} // namespace roost::channel
