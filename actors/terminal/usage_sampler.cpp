#include "actors/terminal/usage_sampler.hpp"

#include "actors/terminal/pty/unique_fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

namespace roost::terminal {

namespace {

/// A line of stat is some 300 bytes long, and 1200 at most.
using stat_buffer = std::array<char, 2048>;
constexpr std::size_t longest_path = 4096;

/// The start of a file, as much as `room` holds; empty if the process is gone.
std::string_view read_start(int folder, const std::string& path, std::span<char> room) {
  const unique_fd fd(::openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto got = fd ? ::read(fd.get(), room.data(), room.size()) : -1;
  return got > 0 ? std::string_view(room.data(), static_cast<std::size_t>(got))
                 : std::string_view();
}

std::uint64_t ticks_per_second() {
  static const long value = ::sysconf(_SC_CLK_TCK);
  return value > 0 ? static_cast<std::uint64_t>(value) : 100;
}

std::uint64_t page_size() {
  static const long value = ::sysconf(_SC_PAGESIZE);
  return value > 0 ? static_cast<std::uint64_t>(value) : 4096;
}

} // namespace

usage_sampler::usage_sampler(const roost::clock& clock, std::string proc)
    : clock_(&clock), proc_(std::move(proc)), next_(clock.now()) {}

std::vector<process_stat> usage_sampler::read_all() const {
  std::vector<process_stat> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(proc_.c_str()), &::closedir);
  if (!folder)
    return out;
  stat_buffer room;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
      continue;
    const auto line = read_start(::dirfd(folder.get()), std::string(entry->d_name) + "/stat", room);
    if (auto x = parse_process_stat(line))
      out.push_back(std::move(*x));
  }
  return out;
}

void usage_sampler::name_foreground(std::int64_t pid, const std::string& name,
                                    session_usage& out) const {
  const auto folder = proc_ + "/" + std::to_string(pid);
  stat_buffer room;
  out.foreground = command_name(name, read_start(AT_FDCWD, folder + "/cmdline", room));
  std::array<char, longest_path> path;
  // Fails for a process that has gained rights: those are not ours to look into.
  const auto size = ::readlink((folder + "/cwd").c_str(), path.data(), path.size());
  if (size > 0)
    out.cwd.assign(path.data(), static_cast<std::size_t>(size));
}

bool usage_sampler::sample(std::span<const usage_question> sessions) {
  const auto began = clock_->now();
  if (began < next_)
    return false;
  const auto at = clock_->now_wall();
  std::unordered_map<std::int64_t, known> found;
  if (!sessions.empty()) {
    const process_table table(read_all());
    for (const auto& session : sessions) {
      const auto sum = table.below(session.warden, session.program);
      if (!sum)
        continue;
      const auto before = known_.find(session.warden);
      const bool is_known =
          before != known_.end() && before->second.warden_started == sum->warden_started;
      auto& x = found[session.warden];
      x.warden_started = sum->warden_started;
      x.when = began;
      auto& usage = x.usage;
      usage.at = at;
      usage.cpu = std::chrono::milliseconds(sum->ticks * 1000 / ticks_per_second());
      usage.memory_bytes = sum->resident_pages * page_size();
      usage.processes = sum->processes;
      if (is_known) {
        const auto& last = before->second;
        usage.cpu_percent = cpu_percent(last.usage.cpu, usage.cpu, began - last.when);
        usage.cpu = std::max(usage.cpu, last.usage.cpu);
      } else {
        usage.cpu_percent = cpu_percent({}, usage.cpu, at - session.created_at);
      }
      if (sum->foreground != nullptr)
        name_foreground(sum->foreground->pid, sum->foreground->name, usage);
    }
  }
  known_ = std::move(found);
  const auto ended = clock_->now();
  next_ = ended + pause_after_sample(ended - began);
  return true;
}

const session_usage* usage_sampler::find(std::int64_t warden) const {
  const auto at = known_.find(warden);
  return at == known_.end() ? nullptr : &at->second.usage;
}

} // namespace roost::terminal
