#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime/config_sandbox.hpp"

namespace roost::terminal {

/// Who holds a session to a limit.
enum class limit_enforcer : std::uint8_t {
  none,   ///< nobody: this machine gives no means
  cgroup, ///< the kernel, for all processes of the session together
  rlimit, ///< the kernel; for each process by itself, but for `processes`
};
std::string_view to_string(limit_enforcer by);

/// One limit that was asked for, and who holds the session to it. The session shows it; what nobody
/// does is in the log, too.
struct enforced_limit {
  std::string_view name; ///< "memory", as in the configuration
  double value = 0;      ///< processes, bytes, cores, or seconds
  limit_enforcer by = limit_enforcer::none;

  friend bool operator==(const enforced_limit&, const enforced_limit&) = default;
};

/// A resource limit, soft and hard.
struct process_limit {
  int resource = 0; ///< RLIMIT_…
  std::uint64_t most = 0;

  friend bool operator==(const process_limit&, const process_limit&) = default;
};

/// How limits are put into force.
struct limit_plan {
  std::vector<process_limit> rlimits; ///< set before the program, or its sandbox, begins
  std::vector<std::string> cgroup;    ///< "memory.max=1048576"
  /// RLIMIT_NPROC, to be set inside the sandbox by its first process; 0: not at all.
  std::uint64_t processes_inside = 0;
  std::vector<enforced_limit> enforced; ///< only limits that were asked for
};

/// What a limit of processes can rely on.
enum class process_counting : std::uint8_t {
  of_the_user,    ///< RLIMIT_NPROC counts all that the user runs: useless for one session
  of_the_sandbox, ///< a user namespace of its own: it counts exactly the session
  not_at_all,     ///< root is exempt
};

/// Plans how to hold a session to `wanted`. Pure.
limit_plan plan_limits(const session_limits& wanted, bool has_cgroups, process_counting counting);

} // namespace roost::terminal
