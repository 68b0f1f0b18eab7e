#pragma once

#include <vector>

#include <sys/types.h>

#include "actors/runtime/system_user.hpp"

namespace roost::terminal {

/// As long as it lives, the calling thread looks at files with another user's rights: uid, groups,
/// and without root's privileges over files, so that the kernel itself answers what that user may
/// do. Other threads are not touched. Only on the stack, around calls that ask (stat, faccessat
/// with AT_EACCESS) and do not create; never across anything that may go on in another thread. Only
/// where the process runs as root.
class user_rights {
public:
  explicit user_rights(const user_record& who);
  /// Ends the process rather than let it go on with wrong rights.
  ~user_rights();
  user_rights(const user_rights&) = delete;
  user_rights& operator=(const user_rights&) = delete;

  /// Whether they are in force. If not, the system does not let this process change its user at
  /// all.
  [[nodiscard]] bool is_in_force() const { return is_in_force_; }

private:
  std::vector<gid_t> groups_; ///< the thread's own
  gid_t gid_;
  uid_t uid_;
  bool has_groups_ = false;
  bool is_in_force_ = false;
};

} // namespace roost::terminal
