#include "actors/database/retry_pace.hpp"

#include <algorithm>

namespace roost::database {

std::chrono::milliseconds retry_pace::after_failure(trouble kind, random_source& random) {
  healthy_since_.reset();
  const auto doublings =
      std::min<std::uint32_t>(attempts_, 20); // further ones are beyond any limit
  ++attempts_;
  if (kind != trouble::transient)
    return settings_.slow;
  const auto most =
      std::min<std::chrono::milliseconds>(settings_.longest, settings_.base * (1LL << doublings));
  return std::chrono::milliseconds(
      random.between(0, static_cast<std::uint64_t>(std::max<std::int64_t>(most.count(), 0))));
}

void retry_pace::on_loss(steady_time now) {
  if (healthy_since_ && now - *healthy_since_ >= settings_.stable)
    attempts_ = 0;
  healthy_since_.reset();
}

} // namespace roost::database
