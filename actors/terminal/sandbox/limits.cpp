#include "actors/terminal/sandbox/limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace roost::terminal {

namespace {

// cgroup v2 shares CPU time out per period, in microseconds.
constexpr std::uint64_t cpu_period = 100'000;
// The kernel refuses less.
constexpr std::uint64_t least_cpu_quota = 1'000;

constexpr std::array<std::string_view, 3> enforcer_names = {"none", "cgroup", "rlimit"};

} // namespace

std::string_view to_string(limit_enforcer by) {
  return enforcer_names[static_cast<std::size_t>(by)];
}

limit_plan plan_limits(const session_limits& wanted, bool has_cgroups, process_counting counting) {
  using enum limit_enforcer;
  limit_plan plan;
  const auto say = [&](std::string_view name, double value, limit_enforcer by) {
    plan.enforced.push_back({name, value, by});
  };
  const auto limit_each = [&](std::string_view name, int resource, std::uint64_t most) {
    plan.rlimits.push_back({resource, most});
    say(name, static_cast<double>(most), rlimit);
  };

  if (wanted.processes > 0) {
    auto by = none;
    if (has_cgroups) {
      plan.cgroup.push_back(fmt::format("pids.max={}", wanted.processes));
      by = cgroup;
    } else if (counting == process_counting::of_the_sandbox) {
      plan.processes_inside = wanted.processes;
      by = rlimit;
    }
    say("processes", static_cast<double>(wanted.processes), by);
  }
  if (wanted.memory > 0) {
    if (has_cgroups) {
      plan.cgroup.push_back(fmt::format("memory.max={}", wanted.memory));
      say("memory", static_cast<double>(wanted.memory), cgroup);
    } else {
      // Not RLIMIT_AS: node, go and java reserve address space by the gigabyte and use little of
      // it. RLIMIT_DATA counts private memory that can be written.
      limit_each("memory", RLIMIT_DATA, wanted.memory);
    }
  }
  if (wanted.cpu > 0) {
    if (has_cgroups) {
      const auto quota = static_cast<std::uint64_t>(std::lround(wanted.cpu * cpu_period));
      plan.cgroup.push_back(
          fmt::format("cpu.max={} {}", std::max(quota, least_cpu_quota), cpu_period));
    }
    say("cpu", wanted.cpu, has_cgroups ? cgroup : none);
  }
  if (wanted.cpu_time.count() > 0)
    limit_each("cpu_time", RLIMIT_CPU,
               static_cast<std::uint64_t>(
                   std::chrono::ceil<std::chrono::seconds>(wanted.cpu_time).count()));
  if (wanted.open_files > 0)
    limit_each("open_files", RLIMIT_NOFILE, wanted.open_files);
  if (wanted.file_size > 0)
    limit_each("file_size", RLIMIT_FSIZE, wanted.file_size);
  return plan;
}

} // namespace roost::terminal
