#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "actors/runtime/config_sandbox.hpp"
#include "actors/runtime/result.hpp"

namespace roost::terminal {

enum class path_kind : std::uint8_t { missing, folder, file };

/// What is at a path: its true name, without symbolic links, and what it is.
struct seen_path {
  std::string canonical; ///< of a missing one: as far as it exists
  path_kind kind = path_kind::missing;
  /// The first folder on the way that the session's user may not enter; empty if there is none.
  std::string closed_at = {};
};
using path_view = std::function<seen_path(const std::string& path)>;

/// Asks the file system on behalf of a user, who is another than the server's only where that is
/// root. May block on a dead network disk.
path_view look_as(std::uint32_t uid, std::vector<std::uint32_t> groups = {});

/// Whether `path` is `folder` or in it. Both absolute, without "." and "..".
bool is_within(const std::string& path, const std::string& folder);

/// What stands at a place of the sandbox's file system.
enum class mount_kind : std::uint8_t {
  read_only,   ///< the file or folder of this name
  writable,    ///< the same, writable
  empty,       ///< an empty folder in memory, writable
  hidden,      ///< an empty folder that cannot be written
  hidden_file, ///< an empty file
  processes,   ///< /proc of the sandbox
  devices,     ///< /dev with the harmless devices only
  link,        ///< a symbolic link to `target`
};

struct mount_row {
  mount_kind kind = mount_kind::read_only;
  std::string path;
  std::string target = {};

  friend bool operator==(const mount_row&, const mount_row&) = default;
};

/// The file system of a sandbox, a parent before what is in it, and where the program begins.
struct mount_plan {
  std::vector<mount_row> rows;
  std::string cwd;
  std::string home; ///< a folder that is there
};

struct mount_request {
  std::string cwd;
  std::string home;
  std::vector<std::string> secret; ///< the data dir first
  std::vector<std::string> shared;
};

/// Decides what a program sees. Deeper paths win over those around them, but for the secret ones,
/// which nothing brings back except `shared`. Pure but for `look`. Errors: bad_cwd,
/// sandbox_unavailable (a folder of the profile is missing, or would show a secret one).
result<mount_plan> plan_mounts(const sandbox_profile& profile, const mount_request& request,
                               const path_view& look);

} // namespace roost::terminal
