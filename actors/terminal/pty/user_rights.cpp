#include "actors/terminal/pty/user_rights.hpp"

#include <cstdlib>

#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace roost::terminal {
namespace {

/// The system call alone is for one thread; the library's function changes all of them.
bool set_groups(const std::vector<gid_t>& groups) {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

/// Neither call says whether it worked but by what a second one gives back.
bool set_file_user(uid_t uid) {
  ::setfsuid(uid);
  return ::setfsuid(static_cast<uid_t>(-1)) == static_cast<int>(uid);
}
bool set_file_group(gid_t gid) {
  ::setfsgid(gid);
  return ::setfsgid(static_cast<gid_t>(-1)) == static_cast<int>(gid);
}

} // namespace

user_rights::user_rights(const user_record& who) : gid_(::getegid()), uid_(::geteuid()) {
  const auto count = ::getgroups(0, nullptr);
  groups_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count < 0 || ::getgroups(count, groups_.data()) != count)
    return;
  has_groups_ = set_groups(who.groups);
  is_in_force_ = has_groups_ && set_file_group(who.gid) && set_file_user(who.uid);
}

user_rights::~user_rights() {
  if (!has_groups_)
    return;
  const bool is_back = set_file_user(uid_) && set_file_group(gid_) && set_groups(groups_);
  if (!is_back)
    std::abort();
}

} // namespace roost::terminal
