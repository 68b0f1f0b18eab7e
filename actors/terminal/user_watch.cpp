#include "actors/terminal/user_watch.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace roost::terminal {

namespace {

constexpr int samples_that_count = 2;
// The default ladder takes five seconds. Who hangs for longer must not keep the others' memory
// safe.
constexpr int most_samples_waited = 15;

constexpr double mib = 1024.0 * 1024.0;

} // namespace

std::optional<std::string> refuse_session(const user_limits& limits, const std::string& owner,
                                          std::span<const session_load> loads) {
  std::uint64_t processes = 0;
  std::uint64_t memory = 0;
  for (const auto& load : loads)
    if (load.owner == owner) {
      processes += load.processes;
      memory += load.memory;
    }
  if (limits.processes > 0 && processes >= limits.processes)
    return fmt::format("they have {} processes, and may have {}; end some of them", processes,
                       limits.processes);
  if (limits.memory > 0 && memory > limits.memory)
    return fmt::format("they take {:.0f} MiB of memory, and may take {:.0f} MiB; end some of them",
                       static_cast<double>(memory) / mib, static_cast<double>(limits.memory) / mib);
  return std::nullopt;
}

std::vector<surplus_session> user_watch::on_sample(std::span<const session_load> loads) {
  std::vector<surplus_session> out;
  if (limits_.memory == 0)
    return out;
  struct sum {
    std::uint64_t memory = 0;
    const session_load* largest = nullptr;
    bool is_ending = false;
  };
  std::map<std::string, sum> sums;
  for (const auto& load : loads) {
    auto& s = sums[load.owner];
    s.memory += load.memory;
    const auto known = users_.find(load.owner);
    if (known != users_.end() && known->second.ending == load.id)
      s.is_ending = true;
    else if (s.largest == nullptr || load.memory > s.largest->memory)
      s.largest = &load;
  }
  std::map<std::string, record> now;
  for (const auto& [owner, s] : sums) {
    const auto known = users_.find(owner);
    auto r = known == users_.end() ? record{} : known->second;
    if (s.is_ending && ++r.samples_waited <= most_samples_waited) {
      now[owner] = r;
      continue;
    }
    if (s.is_ending) // it hangs: the next one is chosen at once
      r = {samples_that_count - 1, {}, 0};
    else if (!r.ending.empty()) // it is gone: what is left is judged anew
      r = {};
    if (s.memory <= limits_.memory)
      continue;
    if (++r.samples_above >= samples_that_count && s.largest != nullptr) {
      r = {0, s.largest->id, 0};
      out.push_back({s.largest->id, owner, s.largest->memory, s.memory});
    }
    now[owner] = r;
  }
  users_ = std::move(now);
  return out;
}

} // namespace roost::terminal
