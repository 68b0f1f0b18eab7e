#include "apps/keeper/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "apps/keeper/log.hpp"
#include "apps/keeper/read_file.hpp"

namespace roost::keeper {
namespace {

constexpr std::string_view prefix = "roost-";
constexpr int most_depth = 16; // of folders that programs made in their cgroup

/// 0, or an errno.
int write_file(const std::string& path, std::string_view text) {
  const descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) >= 0 ? 0 : errno;
}

/// Takes the text up to `mark` off the front of `from`.
std::string_view cut(std::string_view& from, char mark) {
  const auto at = from.find(mark);
  const auto out = from.substr(0, at);
  from.remove_prefix(at == std::string_view::npos ? from.size() : at + 1);
  return out;
}

/// Where cgroup v2 is mounted: "ID PARENT DEV ROOT MOUNTPOINT OPTIONS… - TYPE SOURCE OPTIONS". Only
/// a mount of the whole hierarchy; empty if there is none.
std::string find_mount() {
  const auto mounts = read_file("/proc/self/mountinfo");
  for (std::string_view rest = mounts; !rest.empty();) {
    std::string_view line = cut(rest, '\n');
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos || !line.substr(dash + 3).starts_with("cgroup2 "))
      continue;
    for (int field = 0; field < 3; ++field)
      cut(line, ' ');
    const auto root = cut(line, ' ');
    const auto point = cut(line, ' ');
    if (root == "/" && point.find('\\') == std::string_view::npos)
      return std::string(point);
  }
  return {};
}

/// The folder of our own cgroup; empty if there is none.
std::string find_own() {
  const auto mount = find_mount();
  const auto lines = read_file("/proc/self/cgroup");
  for (std::string_view rest = lines; !mount.empty() && !rest.empty();) {
    const auto line = cut(rest, '\n');
    if (line.starts_with("0::/") && line.find("/..") == std::string_view::npos)
      return mount + std::string(line == "0::/" ? "" : line.substr(3));
  }
  return {};
}

/// Removes a cgroup and those below it, as far as they hold no process. 0, or an errno.
int remove_folder(const std::string& path, int depth = 0) {
  {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(path.c_str()), &::closedir);
    while (const dirent* entry = open && depth < most_depth ? ::readdir(open.get()) : nullptr)
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
        remove_folder(path + "/" + entry->d_name, depth + 1);
  }
  return ::rmdir(path.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

/// Whether there is no such process, or only what its parent has not reaped yet.
bool is_gone(pid_t pid) {
  if (::kill(pid, 0) != 0 && errno == ESRCH)
    return true;
  const auto stat = read_file(("/proc/" + std::to_string(pid) + "/stat").c_str());
  const auto end_of_name = stat.rfind(") ");
  return end_of_name != std::string::npos && stat.compare(end_of_name, 3, ") Z") == 0;
}

/// The folders of keepers that are no more.
std::vector<std::string> find_stale(const std::string& own) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(own.c_str()), &::closedir);
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    const std::string_view name(entry->d_name);
    pid_t pid = 0;
    if (!name.starts_with(prefix))
      continue;
    const auto* const first = name.data() + prefix.size();
    const auto parsed = std::from_chars(first, name.data() + name.size(), pid);
    if (parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size() && pid > 0 &&
        is_gone(pid))
      out.push_back(own + "/" + entry->d_name);
  }
  return out;
}

} // namespace

void cgroup_home::open() {
  own_ = find_own();
  if (own_.empty())
    return;
  leftovers_ = find_stale(own_);
  sweep();
  const auto home = own_ + "/" + std::string(prefix) + std::to_string(::getpid());
  const auto ours = home + "/_keeper";
  remove_folder(home); // a keeper of this number may have been killed
  if (::mkdir(home.c_str(), 0755) != 0)
    return;
  if (::mkdir(ours.c_str(), 0755) != 0 || write_file(ours + "/cgroup.procs", "0") != 0) {
    remove_folder(home);
    return;
  }
  home_ = home;
  can_limit_ = offer("pids") == 0 && offer("memory") == 0 && offer("cpu") == 0;
}

cgroup_home::~cgroup_home() {
  if (!is_open())
    return;
  write_file(own_ + "/cgroup.procs", "0"); // if it may not, the next keeper removes the folder
  remove_folder(home_);
}

std::optional<trouble>
cgroup_home::make(std::string_view session,
                  const std::vector<std::pair<std::string, std::string>>& lines) {
  if (!is_open())
    return lines.empty() ? std::nullopt : std::optional(trouble{step::limit, EOPNOTSUPP});
  const auto folder = home_ + "/" + std::string(session);
  std::erase(leftovers_, folder);
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
    return trouble{step::limit, errno};
  for (const auto& [name, value] : lines) {
    const auto path = folder + "/" + name;
    const std::string_view controller(name.data(), name.find('.'));
    int error = write_file(path, value);
    if (error == ENOENT) // its controller is not on yet
      error = offer(controller);
    if (error == 0)
      error = write_file(path, value);
    if (error != 0) {
      remove(session);
      return trouble{step::limit, error};
    }
  }
  return std::nullopt;
}

int cgroup_home::offer(std::string_view controller) const {
  const auto word = "+" + std::string(controller);
  const int error = write_file(own_ + "/cgroup.subtree_control", word);
  return error != 0 ? error : write_file(home_ + "/cgroup.subtree_control", word);
}

descriptor cgroup_home::door(std::string_view session) const {
  if (!is_open())
    return {};
  const auto path = home_ + "/" + std::string(session) + "/cgroup.procs";
  return descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
}

void cgroup_home::kill(std::string_view session) const {
  if (is_open()) // an old kernel has no such file: the warden kills in any case
    write_file(home_ + "/" + std::string(session) + "/cgroup.kill", "1");
}

void cgroup_home::remove(std::string_view session) {
  if (!is_open())
    return;
  auto folder = home_ + "/" + std::string(session);
  if (remove_folder(folder) != 0)
    leftovers_.push_back(std::move(folder));
}

void cgroup_home::sweep() {
  std::erase_if(leftovers_, [](const std::string& folder) { return remove_folder(folder) == 0; });
}

} // namespace roost::keeper
