#include "actors/terminal/restart_plan.hpp"

#include <algorithm>

namespace roost::terminal {

std::optional<std::chrono::nanoseconds> restart_plan::next(restart_policy policy, bool has_failed,
                                                           std::chrono::nanoseconds ran_for,
                                                           random_source& random) {
  has_given_up_ = false;
  if (policy == restart_policy::never || (policy == restart_policy::on_failure && !has_failed))
    return std::nullopt;
  if (ran_for >= limits_.stable)
    in_row_ = 0;
  if (in_row_ >= limits_.max) {
    has_given_up_ = true;
    return std::nullopt;
  }
  auto wait = std::chrono::nanoseconds(limits_.first);
  for (std::uint32_t i = 0; i < in_row_ && wait < limits_.longest; ++i)
    wait *= 2;
  wait = std::min<std::chrono::nanoseconds>(wait, limits_.longest);
  ++in_row_;
  const auto tenth = static_cast<std::uint64_t>(wait.count() / 10);
  return wait + std::chrono::nanoseconds(random.between(0, 2 * tenth)) -
         std::chrono::nanoseconds(tenth);
}

} // namespace roost::terminal
