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

/// A session as lists and events show it.
struct session_info {
  session_id id;
  std::string title;
  session_state state = session_state::starting;
  std::vector<std::string> command;
  std::string cwd;
  std::int64_t pid = 0;
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
  wall_time created_at{};
  std::optional<wall_time> exited_at;
  std::optional<int> exit_status; ///< set when the program exited
  std::optional<int> signal;      ///< set when a signal ended it
  std::string epoch;
  std::uint64_t offset = 0; ///< bytes of output so far
  std::uint32_t viewers = 0;
  std::optional<viewer_id> holder;
  size_policy_kind size_policy = size_policy_kind::latest;
  std::string owner; ///< label of the credential that created it
  shell_info shell;
};

} // namespace roost
