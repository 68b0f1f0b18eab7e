#include "actors/terminal/pty/pty.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <memory>

#include <fmt/format.h>

extern "C" { // glibc 2.36 forgets this in its header
#include <sys/pidfd.h>
}

#include "actors/terminal/pty/unique_fd.hpp"

namespace roost::terminal {
namespace {

/// The beginning of a small file in /proc; empty if the process is gone.
std::string read_proc(pid_t pid, std::string_view file) {
  const auto path = fmt::format("/proc/{}/{}", pid, file);
  const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd)
    return {};
  std::array<char, 512> buffer{};
  const auto size = ::read(fd.get(), buffer.data(), buffer.size());
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
}

/// The session a process belongs to; 0 if the process is gone or a zombie.
pid_t session_of(pid_t pid) {
  const auto stat = read_proc(pid, "stat");
  // "pid (comm) state ppid pgrp session …": comm may hold anything, so count from its last ')'.
  const auto end_of_name = stat.rfind(") ");
  if (end_of_name == std::string::npos || stat[end_of_name + 2] == 'Z')
    return 0;
  std::size_t at = end_of_name + 1;
  for (int field = 0; field < 3 && at != std::string::npos; ++field)
    at = stat.find(' ', at + 1);
  if (at == std::string::npos)
    return 0;
  pid_t session = 0;
  std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), session);
  return session;
}

/// Signals one process if it still belongs to the session, without a race on its number.
bool signal_member(pid_t pid, pid_t session, int signal) {
  const unique_fd pidfd(::pidfd_open(pid, 0));
  if (!pidfd || session_of(pid) != session)
    return false;
  return ::pidfd_send_signal(pidfd.get(), signal, nullptr, 0) == 0;
}

std::size_t signal_members(pid_t session, int signal, leader_state state) {
  // A process with the number of a reaped leader is a stranger, and so is its session.
  if (state == leader_state::reaped && !read_proc(session, "stat").empty())
    return 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), &::closedir);
  if (proc == nullptr)
    return 0;
  std::size_t count = 0;
  while (const dirent* entry = ::readdir(proc.get())) {
    const std::string_view name(entry->d_name);
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size())
      continue;
    // One system call for each stranger; the file in /proc costs a hundred times as much.
    if (::getsid(pid) == session && signal_member(pid, session, signal))
      ++count;
  }
  return count;
}

/// Returns how many groups were signalled: 1, or 0 if there is none of this number.
std::size_t signal_group(pid_t group, int signal) {
  if (::kill(-group, signal) != 0)
    return 0;
  const bool may_need_continue =
      signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGTERM;
  if (may_need_continue)
    ::kill(-group, SIGCONT);
  return 1;
}

} // namespace

std::optional<terminal_size> get_size(int master) {
  winsize window{};
  if (::ioctl(master, TIOCGWINSZ, &window) != 0)
    return std::nullopt;
  return terminal_size{window.ws_col, window.ws_row};
}

result<resize_outcome> set_size(int master, terminal_size size) {
  assert(size.is_valid());
  if (get_size(master) == size)
    return resize_outcome::unchanged;
  winsize window{};
  window.ws_col = size.cols;
  window.ws_row = size.rows;
  if (::ioctl(master, TIOCSWINSZ, &window) != 0)
    return failure{terminal_error::spawn_failed, "the terminal is gone"};
  return resize_outcome::applied;
}

std::optional<foreground_job> foreground(int master) {
  const pid_t group = ::tcgetpgrp(master);
  if (group <= 0)
    return std::nullopt;
  foreground_job out{group, read_proc(group, "comm")};
  if (out.command.ends_with('\n'))
    out.command.pop_back();
  return out;
}

std::size_t signal_session(int master, pid_t leader, int signal, leader_state state) {
  if (leader <= 1) // kill(-1) and kill(0) mean everybody and ourselves
    return 0;
  if (signal == SIGKILL || state == leader_state::reaped)
    return signal_members(leader, signal, state);
  const pid_t front = ::tcgetpgrp(master);
  std::size_t count = 0;
  if (front > 1 && front != leader)
    count += signal_group(front, signal);
  return count + signal_group(leader, signal);
}

result<std::optional<exit_outcome>> poll_exit(int pidfd) {
  siginfo_t info{};
  while (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) != 0)
    if (errno != EINTR)
      return failure{terminal_error::spawn_failed, "the exit status is not known"};
  if (info.si_pid == 0)
    return std::optional<exit_outcome>();
  exit_outcome out;
  if (info.si_code == CLD_EXITED)
    out.status = info.si_status;
  else
    out.signal = info.si_status;
  return std::optional<exit_outcome>(out);
}

pty_transfer read_some(int master, std::span<char> into) {
  for (;;) {
    const auto size = ::read(master, into.data(), into.size());
    if (size > 0)
      return {static_cast<std::size_t>(size), pty_state::open};
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return {0, pty_state::again};
    // EIO is how Linux says that the other side is closed; 0 is how others say it.
    return {0, pty_state::ended};
  }
}

pty_transfer write_some(int master, std::string_view input) {
  for (;;) {
    const auto size = ::write(master, input.data(), input.size());
    if (size >= 0)
      return {static_cast<std::size_t>(size), pty_state::open};
    if (errno == EINTR)
      continue;
    return {0, errno == EAGAIN ? pty_state::again : pty_state::ended};
  }
}

} // namespace roost::terminal
