#include "actors/connection/counter_windows.hpp"

#include <algorithm>
#include <cassert>

namespace roost::connection {

// Half a step less than nominal, so that a sample that comes a little early still counts.
counter_windows::counter_windows(std::size_t counters, std::chrono::milliseconds longest,
                                 std::chrono::milliseconds step)
    : counters_(counters),
      longest_(longest), fine_{step / 2, 8 * step}, coarse_{4 * step - step / 2, longest} {}

void counter_windows::sample(std::span<const std::uint64_t> totals, steady_time now) {
  assert(totals.size() == counters_);
  fine_.add(totals, now);
  coarse_.add(totals, now);
}

std::vector<std::uint64_t> counter_windows::over(std::chrono::milliseconds window,
                                                 std::span<const std::uint64_t> totals_now,
                                                 steady_time now) const {
  assert(totals_now.size() == counters_);
  const auto since = now - std::min(window, longest_);
  const auto* start = fine_.newest_by(since);
  if (const auto* other = coarse_.newest_by(since); !start || (other && other->at > start->at))
    start = other;
  std::vector<std::uint64_t> grown(totals_now.begin(), totals_now.end());
  for (std::size_t i = 0; start && i < counters_; ++i)
    grown[i] -= start->totals[i];
  return grown;
}

void counter_windows::grain::add(std::span<const std::uint64_t> totals, steady_time now) {
  if (!kept.empty() && now - kept.back().at < spacing)
    return;
  kept.push_back({now, {totals.begin(), totals.end()}});
  while (kept.size() > 1 && kept[1].at <= now - reach)
    kept.pop_front();
}

const counter_windows::snapshot* counter_windows::grain::newest_by(steady_time time) const {
  const auto later = std::upper_bound(kept.begin(), kept.end(), time,
                                      [](steady_time t, const snapshot& s) { return t < s.at; });
  return later == kept.begin() ? nullptr : &*std::prev(later);
}

} // namespace roost::connection
