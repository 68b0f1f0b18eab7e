#include "actors/channel/breaker/adaptive_limit.hpp"

#include <algorithm>

namespace roost::channel {
namespace {

// Gradient2Limit's defaults.
constexpr double tolerance = 1.5; // of the latest over the usual latency
constexpr double smoothing = 0.2;
constexpr double queue_size = 4; // calls that may queue: what it grows by
constexpr double worst_gradient = 0.5;
constexpr std::uint32_t warm_up = 10;      // a plain average until then
constexpr double weight = 2.0 / (600 + 1); // of a sample in the usual latency
constexpr double recovery = 0.95;          // of the usual latency when the latest is below half
constexpr double shortest = 1000;          // ns; no division by next to nothing

adaptive_limit::settings in_order(adaptive_limit::settings s) {
  s.max = std::max(s.max, 1U);
  s.min = std::clamp(s.min, 1U, s.max);
  return s;
}

} // namespace

adaptive_limit::adaptive_limit(settings s) : settings_(in_order(s)), limit_(settings_.max) {}

void adaptive_limit::configure(settings s) {
  const bool begins = s.is_adaptive && !settings_.is_adaptive;
  settings_ = in_order(s);
  if (begins)
    *this = adaptive_limit(settings_);
  limit_ = std::clamp(limit_, double(settings_.min), double(settings_.max));
}

void adaptive_limit::on_success(std::chrono::nanoseconds took, std::uint32_t in_flight) {
  if (!settings_.is_adaptive)
    return;
  const auto latest = std::max(static_cast<double>(took.count()), shortest);
  if (samples_ < warm_up) {
    ++samples_;
    usual_ns_ += (latest - usual_ns_) / samples_;
  } else {
    usual_ns_ += (latest - usual_ns_) * weight;
  }
  const auto usual = usual_ns_;
  // Back to normal after a long time of overload: sooner than by the average alone.
  if (usual > 2 * latest)
    usual_ns_ *= recovery;
  if (in_flight < limit_ / 2)
    return;
  move(std::clamp(tolerance * usual / latest, worst_gradient, 1.0), queue_size);
}

void adaptive_limit::on_overload() {
  if (settings_.is_adaptive)
    move(worst_gradient, 0);
}

void adaptive_limit::move(double gradient, double headroom) {
  const auto next = limit_ * (1 - smoothing) + (limit_ * gradient + headroom) * smoothing;
  limit_ = std::clamp(next, double(settings_.min), double(settings_.max));
}

std::uint32_t adaptive_limit::value() const {
  return settings_.is_adaptive ? static_cast<std::uint32_t>(limit_) : settings_.max;
}

} // namespace roost::channel
