#include "actors/terminal/pty/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

extern "C" { // glibc 2.36 forgets this in its header
#include <sys/pidfd.h>
}

#include "actors/terminal/pty/quoted.hpp"

namespace roost::terminal {
namespace {

constexpr const char* fallback_shell = "/bin/sh";

/// posix_spawn's attributes and file actions, destroyed on every path.
class spawn_plan {
public:
  spawn_plan() {
    error_ = ::posix_spawnattr_init(&attributes_);
    if (error_ != 0)
      return;
    has_attributes_ = true;
    error_ = ::posix_spawn_file_actions_init(&actions_);
    has_actions_ = error_ == 0;
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;
  ~spawn_plan() {
    if (has_actions_)
      ::posix_spawn_file_actions_destroy(&actions_);
    if (has_attributes_)
      ::posix_spawnattr_destroy(&attributes_);
  }

  /// Everything between fork and exec, in this order. The session comes first, so that opening the
  /// terminal as descriptor 0 makes it the controlling one.
  int fill(const prepared_spawn& what, const char* tty) {
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    step(::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                      POSIX_SPAWN_SETSIGMASK));
    step(::posix_spawnattr_setsigdefault(&attributes_, &all));
    step(::posix_spawnattr_setsigmask(&attributes_, &none));
    step(::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, tty, O_RDWR, 0));
    step(::posix_spawn_file_actions_adddup2(&actions_, STDIN_FILENO, STDOUT_FILENO));
    step(::posix_spawn_file_actions_adddup2(&actions_, STDIN_FILENO, STDERR_FILENO));
    step(::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1));
    step(::posix_spawn_file_actions_addchdir_np(&actions_, what.cwd.c_str()));
    return error_;
  }

  int run(pid_t& pid, const char* executable, char* const* argv, char* const* env) {
    return error_ != 0 ? error_
                       : ::posix_spawn(&pid, executable, &actions_, &attributes_, argv, env);
  }

private:
  void step(int error) {
    if (error_ == 0)
      error_ = error;
  }

  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
  int error_ = 0;
  bool has_attributes_ = false;
  bool has_actions_ = false;
};

std::vector<char*> pointers(const std::vector<std::string>& lines) {
  std::vector<char*> out;
  out.reserve(lines.size() + 1);
  for (const auto& line : lines)
    out.push_back(const_cast<char*>(line.c_str())); // posix_spawn does not write to them
  out.push_back(nullptr);
  return out;
}

failure no_terminal(int error) {
  switch (error) {
  case ENOSPC: // /proc/sys/kernel/pty/max
    return {terminal_error::pty_exhausted, "all pseudo-terminals are in use; end some sessions"};
  case EMFILE:
  case ENFILE:
    return {terminal_error::pty_exhausted, "too many open files; end some sessions"};
  default:
    return {terminal_error::spawn_failed,
            fmt::format("no terminal could be opened (error {})", error)};
  }
}

/// Control characters and flags as a fresh Linux console has them, plus IUTF8, with which the
/// kernel erases whole characters in line mode.
int set_line_discipline(int master) {
  termios settings{};
  if (::tcgetattr(master, &settings) != 0)
    return errno;
  settings.c_iflag = ICRNL | IXON | IUTF8;
  settings.c_oflag = OPOST | ONLCR;
  settings.c_cflag = CS8 | CREAD | HUPCL;
  settings.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
  ::cfsetispeed(&settings, B38400);
  ::cfsetospeed(&settings, B38400);
  settings.c_cc[VERASE] = 0x7f;
  return ::tcsetattr(master, TCSANOW, &settings) == 0 ? 0 : errno;
}

/// Opens both sides of a terminal; `out.tty_name` is the path of the program's side.
int open_terminal(child& out, terminal_size size) {
  out.master = unique_fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!out.master)
    return errno;
  std::array<char, 64> name{};
  if (::grantpt(out.master.get()) != 0 || ::unlockpt(out.master.get()) != 0)
    return errno;
  if (const int error = ::ptsname_r(out.master.get(), name.data(), name.size()); error != 0)
    return error;
  out.tty_name = name.data();
  out.tty = unique_fd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!out.tty)
    return errno;
  if (const int error = set_line_discipline(out.master.get()); error != 0)
    return error;
  winsize window{};
  window.ws_col = size.cols;
  window.ws_row = size.rows;
  return ::ioctl(out.master.get(), TIOCSWINSZ, &window) == 0 ? 0 : errno;
}

/// Says which of the things that `prepare` found in order no longer is.
failure no_program(int error, const prepared_spawn& what) {
  const auto command = quoted(what.command.front());
  switch (error) {
  case EAGAIN:
    return {terminal_error::process_limit, "the system's limit of processes is reached"};
  case E2BIG:
    return {terminal_error::bad_command, "the command and its environment are too long"};
  case EMFILE:
  case ENFILE:
    return {terminal_error::pty_exhausted, "too many open files; end some sessions"};
  case ENOENT:
  case ENOTDIR:
  case EACCES:
    if (::faccessat(AT_FDCWD, what.cwd.c_str(), X_OK, AT_EACCESS) != 0)
      return {terminal_error::bad_cwd, "the folder cannot be entered any more"};
    if (::faccessat(AT_FDCWD, what.executable.c_str(), X_OK, AT_EACCESS) != 0)
      return {terminal_error::command_not_found, command + " is gone"};
    return {terminal_error::command_not_executable,
            command + " names an interpreter that cannot be run; check its first line"};
  case ENOEXEC:
  case ELIBBAD:
    return {terminal_error::command_not_executable, command + " is not a program for this machine"};
  default:
    return {terminal_error::spawn_failed,
            fmt::format("the program could not be started (error {})", error)};
  }
}

/// Ends a child that nobody will ever hear of.
void discard(pid_t pid) {
  ::kill(-pid, SIGKILL);
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

} // namespace

result<child> spawn(const prepared_spawn& what) {
  child out;
  if (const int error = open_terminal(out, what.size); error != 0)
    return no_terminal(error);
  spawn_plan plan;
  if (plan.fill(what, out.tty_name.c_str()) != 0)
    return failure{terminal_error::spawn_failed, "out of memory"};

  auto argv = pointers(what.argv);
  const auto env = pointers(what.env);
  int error = plan.run(out.pid, what.executable.c_str(), argv.data(), env.data());
  if (error == ENOEXEC) {
    std::vector<std::string> script = what.argv;
    script.front() = what.executable;
    script.insert(script.begin(), fallback_shell);
    argv = pointers(script);
    error = plan.run(out.pid, fallback_shell, argv.data(), env.data());
  }
  if (error != 0)
    return no_program(error, what);
  // The child is not reaped before this returns, so its number cannot be somebody else's yet.
  out.pidfd = unique_fd(::pidfd_open(out.pid, 0));
  if (!out.pidfd) {
    const int why = errno;
    discard(out.pid);
    return no_program(why, what);
  }
  return out;
}

} // namespace roost::terminal
