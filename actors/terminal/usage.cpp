#include "actors/terminal/usage.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace roost::terminal {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t kernel_name = 15; // bytes that the kernel keeps of a name
constexpr std::chrono::milliseconds shortest_span{100};
constexpr std::chrono::seconds shortest_pause{1};
constexpr int cost_share = 20; // 1/20 of the time

/// Fields after the name, counted from 0: proc(5) counts from 1 and calls the first of them 3.
enum field : std::size_t {
  parent = 1,
  group = 2,
  tty = 4,
  foreground_group = 5,
  user_ticks = 11,
  system_ticks = 12,
  waited_user_ticks = 13,
  waited_system_ticks = 14,
  started = 19,
  resident_pages = 21,
  count = 22,
};

std::uint64_t positive(std::int64_t x) { return x > 0 ? static_cast<std::uint64_t>(x) : 0; }

} // namespace

std::optional<process_stat> parse_process_stat(std::string_view line) {
  const auto open = line.find('(');
  const auto close = line.rfind(')'); // what follows the name has none
  if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
      close + 3 >= line.size() || line[close + 1] != ' ')
    return std::nullopt;
  process_stat x;
  const auto number = line.substr(0, open);
  if (std::from_chars(number.data(), number.data() + number.size(), x.pid).ec != std::errc{} ||
      x.pid <= 0)
    return std::nullopt;
  x.name = line.substr(open + 1, close - open - 1);
  x.state = line[close + 2];

  std::array<std::int64_t, field::count> fields{};
  const char* at = line.data() + close + 3;
  const char* const end = line.data() + line.size();
  for (std::size_t i = 1; i < fields.size(); ++i) {
    if (at == end || *at != ' ')
      return std::nullopt;
    const auto read = std::from_chars(at + 1, end, fields[i]);
    // Some fields are unsigned and may be too large; none of those is looked at.
    if (read.ec != std::errc{} && read.ec != std::errc::result_out_of_range)
      return std::nullopt;
    at = read.ptr;
  }
  x.parent = fields[field::parent];
  x.group = fields[field::group];
  x.tty = fields[field::tty];
  x.foreground_group = fields[field::foreground_group];
  x.own_ticks = positive(fields[field::user_ticks]) + positive(fields[field::system_ticks]);
  x.waited_ticks =
      positive(fields[field::waited_user_ticks]) + positive(fields[field::waited_system_ticks]);
  x.started = positive(fields[field::started]);
  x.resident_pages = positive(fields[field::resident_pages]);
  return x;
}

std::string command_name(std::string_view name, std::string_view cmdline) {
  auto word = cmdline.substr(0, cmdline.find('\0'));
  word = word.substr(word.rfind('/') + 1); // npos + 1 is 0
  if (word.starts_with('-'))
    word.remove_prefix(1); // a login shell
  const bool was_cut = name.size() >= kernel_name && word.starts_with(name);
  return std::string((was_cut ? word : name).substr(0, longest_name));
}

process_table::process_table(std::vector<process_stat> all) : all_(std::move(all)) {
  by_pid_.reserve(all_.size());
  for (std::size_t i = 0; i < all_.size(); ++i) {
    by_pid_.emplace(all_[i].pid, i);
    children_[all_[i].parent].push_back(i);
  }
}

std::optional<tree_sum> process_table::below(std::int64_t warden, std::int64_t program) const {
  const auto root = by_pid_.find(warden);
  if (root == by_pid_.end())
    return std::nullopt;
  tree_sum sum;
  sum.warden_started = all_[root->second].started;
  // What it has waited for was the session's.
  sum.ticks = all_[root->second].waited_ticks;

  std::vector<const process_stat*> members;
  std::vector<std::int64_t> parents{warden};
  // The lines were not read at one moment, so they need not make a tree: nobody counts twice.
  while (!parents.empty() && members.size() <= all_.size()) {
    const auto found = children_.find(parents.back());
    parents.pop_back();
    if (found == children_.end())
      continue;
    for (const auto i : found->second) {
      const auto& x = all_[i];
      if (x.pid == warden)
        continue;
      members.push_back(&x);
      parents.push_back(x.pid);
      sum.ticks += x.own_ticks + x.waited_ticks;
      if (x.state == 'Z' || x.state == 'X')
        continue;
      sum.resident_pages += x.resident_pages;
      ++sum.processes;
    }
  }

  // The program's terminal; in a sandbox a helper may stand in its place that has none.
  const process_stat* leader = nullptr;
  for (const auto* x : members) {
    if (x->tty == 0 || x->foreground_group < 1)
      continue;
    if (x->pid == program) {
      leader = x;
      break;
    }
    if (leader == nullptr || x->started < leader->started)
      leader = x;
  }
  if (leader == nullptr)
    return sum;
  for (const auto* x : members) {
    if (x->tty != leader->tty || x->group != leader->foreground_group || x->state == 'Z')
      continue;
    if (sum.foreground == nullptr || x->pid == x->group)
      sum.foreground = x;
  }
  return sum;
}

double cpu_percent(std::chrono::milliseconds cpu_before, std::chrono::milliseconds cpu_now,
                   std::chrono::nanoseconds elapsed) {
  if (cpu_now <= cpu_before)
    return 0;
  const auto span = std::max<std::chrono::nanoseconds>(elapsed, shortest_span);
  const std::chrono::duration<double> used = cpu_now - cpu_before;
  return 100 * (used / std::chrono::duration<double>(span));
}

std::chrono::nanoseconds pause_after_sample(std::chrono::nanoseconds cost) {
  return std::max<std::chrono::nanoseconds>(shortest_pause, cost_share * cost);
}

} // namespace roost::terminal
