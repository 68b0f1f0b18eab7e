#include "apps/keeper/process_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "apps/keeper/descriptor.hpp"
#include "apps/keeper/read_file.hpp"

namespace roost::keeper {
namespace {

/// Searches for new processes in one round: each costs a walk, and the next round goes on.
constexpr int most_passes = 64;

struct process {
  pid_t pid = 0;
  pid_t parent = 0;
};

/// Calls `visit` with each entry of a folder that is a number.
template <class Visit>
void for_each_number(const char* folder, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder), &::closedir);
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    const std::string_view name(entry->d_name);
    pid_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size())
      visit(number);
  }
}

/// 0: the process is gone.
pid_t parent_of(pid_t pid) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
  const auto stat = read_file(path.data());
  // "pid (comm) state ppid …": comm may hold anything, so count from its last ')'.
  const auto end_of_name = stat.rfind(") ");
  pid_t parent = 0;
  if (end_of_name != std::string::npos && end_of_name + 4 < stat.size())
    std::from_chars(stat.data() + end_of_name + 4, stat.data() + stat.size(), parent);
  return parent;
}

/// Not every kernel has the files that list children.
bool has_children_files() {
  static const bool has = ::access("/proc/thread-self/children", R_OK) == 0;
  return has;
}

/// The children of all threads of a process.
std::vector<pid_t> listed_children(pid_t pid) {
  std::vector<pid_t> out;
  std::array<char, 64> folder{};
  std::snprintf(folder.data(), folder.size(), "/proc/%d/task", pid);
  for_each_number(folder.data(), [&](pid_t thread) {
    std::array<char, 96> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/task/%d/children", pid, thread);
    const auto list = read_file(path.data());
    const char* at = list.data();
    const char* const end_of_list = at + list.size();
    for (pid_t child = 0;; ++at) {
      const auto parsed = std::from_chars(at, end_of_list, child);
      if (parsed.ec != std::errc{})
        break;
      out.push_back(child);
      at = parsed.ptr;
      if (at == end_of_list)
        break;
    }
  });
  return out;
}

/// Every process by its parent.
std::unordered_map<pid_t, std::vector<pid_t>> all_children() {
  std::unordered_map<pid_t, std::vector<pid_t>> out;
  for_each_number("/proc", [&](pid_t pid) { out[parent_of(pid)].push_back(pid); });
  return out;
}

/// Parents come before their children.
std::vector<process> descendants(pid_t root, const std::unordered_set<pid_t>& spared) {
  std::unordered_map<pid_t, std::vector<pid_t>> everybody;
  if (!has_children_files())
    everybody = all_children();
  std::vector<process> out{{root, 0}};
  std::unordered_set<pid_t> seen{root};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const pid_t parent = out[i].pid;
    for (const pid_t child : has_children_files() ? listed_children(parent) : everybody[parent])
      if (!spared.contains(child) && seen.insert(child).second)
        out.push_back({child, parent});
  }
  out.erase(out.begin());
  return out;
}

// As system calls, for headers of a C library that has no functions for them.
descriptor open_process(pid_t pid) {
  return descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}
void send_to(const descriptor& process, int number) {
  ::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0);
}

/// Signals one process. Its number may be another's by now, so it is held first, and then asked who
/// its parent is: the one under which it was found, or `root`, which adopts orphans.
void signal_one(const process& whom, pid_t root, int number) {
  const auto held = open_process(whom.pid);
  if (!held)
    return;
  const pid_t parent = parent_of(whom.pid);
  if (parent == 0 || (parent != whom.parent && parent != root))
    return;
  send_to(held, number);
  if (continues_after(number))
    send_to(held, SIGCONT);
}

} // namespace

bool continues_after(int number) {
  return number == SIGHUP || number == SIGINT || number == SIGQUIT || number == SIGTERM;
}

void signal_tree(pid_t root, const std::unordered_set<pid_t>& spared, int number) {
  for (const auto& each : descendants(root, spared))
    signal_one(each, root, number);
}

void signal_session(pid_t root, pid_t session, int number) {
  for (const auto& each : descendants(root, {}))
    if (::getsid(each.pid) == session)
      signal_one(each, root, number);
}

kill_round tree_killer::round(const std::unordered_set<pid_t>& spared) {
  kill_round out;
  bool is_stable = false;
  for (int pass = 0; pass < most_passes && !is_stable; ++pass) {
    is_stable = true;
    for (const auto& each : descendants(root_, spared))
      if (met_.insert(each.pid).second) {
        is_stable = false;
        out.has_new = true;
        signal_one(each, root_, SIGSTOP);
      }
  }
  const auto all = descendants(root_, spared);
  for (const auto& each : all)
    signal_one(each, root_, SIGKILL);
  out.found = all.size();
  return out;
}

} // namespace roost::keeper
