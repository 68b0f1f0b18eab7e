#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/runtime/config_sandbox.hpp"
#include "actors/runtime/result.hpp"
#include "actors/terminal/pty/unique_fd.hpp"
#include "actors/terminal/sandbox/limits.hpp"
#include "actors/terminal/sandbox/mounts.hpp"

/// How a program is started in a sandbox profile: by bubblewrap (namespaces, mounts) with a filter
/// of system calls made by libseccomp. Nothing here runs anything; the keeper does. Thread-safe, no
/// state.
namespace roost::terminal {

/// A program, and what the sandbox must know of its surroundings. Paths are absolute.
struct sandbox_request {
  std::string executable;        ///< found by `prepare`, checked again inside
  std::vector<std::string> argv; ///< with the program's name first
  std::string cwd;
  std::string home;                  ///< of the session's user
  std::uint32_t uid = 0;             ///< of the session's user
  std::vector<std::uint32_t> groups; ///< of the session's user, where that is not the server's
  std::string data_dir;              ///< never visible inside
  /// Other folders that are never visible, for example where the keeper's socket is if it is not in
  /// the data dir.
  std::vector<std::string> secret;
  /// The server's own files that the session needs, read-only, wherever they are: the shell
  /// integration.
  std::vector<std::string> shared;
  std::string bwrap; ///< `find_bwrap`; empty: not installed
  /// Whether the keeper limits by cgroup (`keeper::welcome::has_cgroups`).
  bool has_cgroups = false;
  session_limits limits; ///< of the configuration; the profile's lower ones win
};

/// What stands behind a descriptor that the keeper passes on, from 3 upwards.
enum class sandbox_descriptor : std::uint8_t {
  options, ///< a memfd with bubblewrap's options
  keeper,  ///< the keeper's own program
  filter,  ///< a memfd with the filter
};

/// What to ask the keeper for. For `none`: the program itself, without descriptors.
struct sandbox_plan {
  bool is_sandboxed = false; ///< keeper::tag::sandboxed
  std::string executable;
  std::vector<std::string> argv;
  /// Where the keeper starts it: the working directory, or "/" for a sandbox, which goes there
  /// itself.
  std::string folder;
  std::vector<sandbox_descriptor> descriptors; ///< in their order: 3, 4, …
  std::string options;                         ///< contents of `options`
  std::string filter;                          ///< contents of `filter`
  limit_plan limits;                           ///< keeper::tag::limit and ::cgroup
  std::vector<std::string> unset;              ///< variables to leave out of the environment
  std::vector<std::pair<std::string, std::string>> set; ///< and those to change
};

/// Plans a start. Pure but for `look`, which is asked about paths (none: `look_as` the user).
/// Errors: sandbox_unavailable
/// (bubblewrap is missing, a folder of the profile is, the filter cannot be made), bad_cwd (the
/// working directory lies in the data dir, or in what the profile hides).
result<sandbox_plan> plan_sandbox(const sandbox_profile& profile, const sandbox_request& request,
                                  const path_view& look = {});

/// Opens the plan's descriptors in their order; `keeper_program` is the path of roost-keeper.
/// Error: sandbox_unavailable.
result<std::vector<unique_fd>> open_descriptors(const sandbox_plan& plan,
                                                const std::string& keeper_program);

/// Where bubblewrap is installed; empty if it is not.
std::string find_bwrap();

} // namespace roost::terminal
