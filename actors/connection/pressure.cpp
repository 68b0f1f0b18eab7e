#include "actors/connection/pressure.hpp"

#include <algorithm>

namespace roost::connection {
namespace {

double used_part(const pressure_gauge& gauge) {
  return static_cast<double>(gauge.used) / static_cast<double>(gauge.capacity);
}

/// Moves the start of a quiet time: none while it is not quiet, else the first moment it was.
void track(std::optional<steady_time>& since, bool is_quiet, steady_time now) {
  since = is_quiet ? since.value_or(now) : std::optional<steady_time>();
}

} // namespace

std::optional<pressure_state> pressure::update(std::span<const pressure_gauge> gauges,
                                               steady_time now) {
  bool is_full = false;
  double tightest = -1;
  pressure_state next{.level = state_.level};
  for (const auto& gauge : gauges) {
    if (gauge.capacity == 0)
      continue;
    is_full = is_full || gauge.used >= gauge.capacity;
    if (used_part(gauge) > tightest) {
      tightest = used_part(gauge);
      next = {state_.level, gauge.name, gauge.used, gauge.capacity};
    }
  }
  const auto release = std::min(settings_.release, settings_.at);
  track(not_full_since_, !is_full, now);
  track(released_since_, !is_full && tightest < release, now);

  const auto has_lasted = [&](const std::optional<steady_time>& since) {
    return since && now - *since >= settings_.dwell;
  };
  const int demanded = is_full ? 2 : tightest >= settings_.at ? 1 : 0;
  if (demanded >= state_.level)
    next.level = demanded;
  else if (has_lasted(changed_) && has_lasted(released_since_))
    next.level = 0;
  else if (has_lasted(changed_) && has_lasted(not_full_since_))
    next.level = 1;

  const bool has_changed = next.level != state_.level;
  state_ = next;
  if (!has_changed)
    return std::nullopt;
  changed_ = now;
  return state_;
}

} // namespace roost::connection
