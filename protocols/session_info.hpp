#pragma once

#include "protocols/ids.hpp"
#include "protocols/session_types.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a session looks like from outside. No CAF.
namespace roost {

using wall_time = std::chrono::system_clock::time_point;

/// What the shell says of itself through OSC 7, 133 and 633.
struct shell_info {
  std::string cwd;
  bool at_prompt = false;
  std::string running; ///< the command line that runs now; empty at a prompt or when not known
  std::optional<int> last_exit_status;
  std::uint64_t commands = 0; ///< commands that have ended so far
};

/// What a session's processes take, at one moment.
struct session_usage {
  double cpu_percent = 0; ///< of one CPU, so more than 100 is possible; since the sample before
  std::chrono::milliseconds cpu{0}; ///< CPU time so far, that of ended processes included
  std::uint64_t memory_bytes = 0; ///< resident; a page that several processes share counts in each
  std::uint32_t processes = 0;
  std::string foreground; ///< the command that has the terminal; empty: not known
  std::string cwd;        ///< of the foreground command; empty: not known
  wall_time at{};
};

/// How a session's program is started again.
struct restart_info {
  restart_policy policy = restart_policy::never;
  std::uint32_t count = 0;             ///< programs that were started after the first
  std::optional<wall_time> next_at;    ///< set while the session waits for its next program
  std::optional<int> last_exit_status; ///< of the program before the present one
  std::optional<int> last_signal;      ///< the signal that ended it
  bool has_given_up = false;           ///< it has ended too often
};

/// A limit that a session was started with, and who holds it to that.
struct session_limit {
  std::string name;        ///< "memory", as in the configuration
  double value = 0;        ///< processes, bytes, cores, or seconds
  std::string enforced_by; ///< "cgroup", "rlimit", or "none": nobody on this machine

  friend bool operator==(const session_limit&, const session_limit&) = default;
};

/// A session as lists and events show it.
struct session_info {
  session_id id;
  std::string title;
  session_state state = session_state::starting;
  std::vector<std::string> command;
  std::string cwd;
  std::int64_t pid = 0;
  std::int64_t warden = 0; ///< the process that holds all of the session's processes below it
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
  wall_time created_at{};
  std::optional<wall_time> exited_at;
  std::optional<int> exit_status; ///< set when the program exited
  std::optional<int> signal;      ///< set when a signal ended it
  std::string epoch;
  std::uint64_t offset = 0;      ///< bytes of output so far
  bool record = false;           ///< whether the output is recorded
  std::uint64_t record_from = 0; ///< output before this is not
  std::uint32_t viewers = 0;
  std::optional<viewer_id> holder;
  size_policy_kind size_policy = size_policy_kind::latest;
  restart_info restart;
  std::string owner;                 ///< label of the credential that created it
  std::string sandbox = "none";      ///< the profile that it runs in
  std::string run_as;                ///< the system user that it runs as; empty: not known any more
  std::vector<session_limit> limits; ///< those that were asked for
  /// What ended it without anybody asking, or is about to: "lifetime", "idle", "user-memory";
  /// empty: nothing.
  std::string end_reason;
  shell_info shell;
  std::optional<session_usage> usage; ///< the directory's, where it was asked for
};

} // namespace roost
