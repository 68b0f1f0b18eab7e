#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace roost {

/// A user, from the system's user table.
struct user_record {
  std::string name;
  std::string home;  ///< "/" if the table has none
  std::string shell; ///< "/bin/sh" if the table has none
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups = {}; ///< all that a login gives, `gid` among them
};

/// This process's effective user, without groups. One that the table does not have (a container
/// with a bare uid) has its number as name. May block on the user table: call it at start.
user_record current_user();

/// The user of this name; nothing if there is none. Asks the user and group tables anew, which may
/// be on the network: blocks. Thread-safe.
std::optional<user_record> find_user(const std::string& name);

/// The number of a group; nothing if there is none. Thread-safe, may block.
std::optional<gid_t> find_group(const std::string& name);

} // namespace roost
