#include "actors/runtime/system_user.hpp"

#include <algorithm>
#include <cerrno>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace roost {

namespace {

constexpr std::size_t largest_entry = std::size_t{1} << 20; // a group's members are in its entry
constexpr int most_groups = 65536;                          // NGROUPS_MAX

/// Calls one of the functions that want room for the texts of what they find.
template <class Entry, class Find>
bool look_up(Entry& entry, std::vector<char>& room, Find find) {
  room.resize(4096);
  Entry* found = nullptr;
  while (find(&entry, room.data(), room.size(), &found) == ERANGE && room.size() < largest_entry)
    room.resize(room.size() * 2);
  return found != nullptr;
}

user_record record_of(const passwd& entry) {
  user_record out{entry.pw_name, entry.pw_dir, entry.pw_shell, entry.pw_uid, entry.pw_gid, {}};
  if (out.home.empty())
    out.home = "/";
  if (out.shell.empty())
    out.shell = "/bin/sh";
  return out;
}

} // namespace

user_record current_user() {
  passwd entry{};
  std::vector<char> room;
  const auto uid = ::geteuid();
  if (look_up(entry, room, [uid](auto... to) { return ::getpwuid_r(uid, to...); }))
    return record_of(entry);
  return {std::to_string(uid), "/", "/bin/sh", uid, ::getegid(), {}};
}

std::optional<user_record> find_user(const std::string& name) {
  passwd entry{};
  std::vector<char> room;
  if (name.find('\0') != std::string::npos ||
      !look_up(entry, room, [&name](auto... to) { return ::getpwnam_r(name.c_str(), to...); }))
    return std::nullopt;
  auto out = record_of(entry);
  int count = 64;
  do {
    out.groups.resize(static_cast<std::size_t>(count));
  } while (::getgrouplist(entry.pw_name, entry.pw_gid, out.groups.data(), &count) < 0 &&
           static_cast<std::size_t>(count) > out.groups.size() && count <= most_groups);
  out.groups.resize(std::min(out.groups.size(), static_cast<std::size_t>(count)));
  return out;
}

std::optional<gid_t> find_group(const std::string& name) {
  group entry{};
  std::vector<char> room;
  if (!look_up(entry, room, [&name](auto... to) { return ::getgrnam_r(name.c_str(), to...); }))
    return std::nullopt;
  return entry.gr_gid;
}

} // namespace roost
