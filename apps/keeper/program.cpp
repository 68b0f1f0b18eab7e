#include "apps/keeper/program.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace roost::keeper {
namespace {

constexpr int first_extra = 3;
/// Where descriptors wait, out of the way of the places that they go to.
constexpr int waiting_room = 32;
static_assert(first_extra + most_extra_fds + 1 <= waiting_room);
constexpr mode_t login_umask = 022;      // what the keeper was started with is its own user's
constexpr int exit_before_program = 127; // nobody sees it: the pipe says more

std::vector<char*> pointers(const std::vector<std::string>& lines) {
  std::vector<char*> out;
  out.reserve(lines.size() + 1);
  for (const auto& line : lines)
    out.push_back(const_cast<char*>(line.c_str())); // execve does not write to them
  out.push_back(nullptr);
  return out;
}

int set_aside(int fd) { return fd < 0 ? fd : ::fcntl(fd, F_DUPFD_CLOEXEC, waiting_room); }

void reset_signals() {
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_DFL); // refused for KILL and STOP, which have no other
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The PTY as 0, 1, 2 and as controlling terminal, the extra ones after it. The rest is closed by
/// exec.
bool place_descriptors(int tty, const std::vector<int>& extras) {
  for (int to = 0; to < first_extra; ++to)
    if (::dup2(tty, to) < 0)
      return false;
  if (::ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0)
    return false;
  int to = first_extra;
  for (const int fd : extras)
    if (::dup2(fd, to++) < 0)
      return false;
  // A kernel without it relies on each descriptor of ours being CLOEXEC, as they are.
  ::close_range(static_cast<unsigned>(to), ~0U, CLOSE_RANGE_CLOEXEC);
  return true;
}

bool set_limits(const program_plan& plan) {
  if (::setrlimit(RLIMIT_NOFILE, &plan.inherited.files) != 0)
    return false;
  for (const auto& wish : plan.request.limits) {
    rlimit limit{};
    const auto resource = static_cast<__rlimit_resource>(wish.resource);
    if (::getrlimit(resource, &limit) != 0)
      return false;
    limit.rlim_max = std::min(limit.rlim_max, wish.most); // a lower one of our own stays
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(resource, &limit) != 0)
      return false;
  }
  return true;
}

/// A program of another user must not have the keys of ours: it begins with an empty keyring. Made
/// while we are root, since a plain user's quota would not do for many sessions.
bool leave_keyring() {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0)
    return true;
  return errno == ENOSYS || errno == EPERM; // the program cannot ask for keys either
}

/// For ever: real, effective and saved, and looked at afterwards.
bool become_user(const user_wish& who, const std::vector<gid_t>& groups) {
  // Dropped with root's uid, unless the keeper was started with bits that keep them.
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return false;
  if (!leave_keyring() || ::setgroups(groups.size(), groups.data()) != 0 ||
      ::setresgid(who.gid, who.gid, who.gid) != 0 || ::setresuid(who.uid, who.uid, who.uid) != 0)
    return false;
  uid_t uids[3]{};
  gid_t gids[3]{};
  if (::getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
      ::getresgid(&gids[0], &gids[1], &gids[2]) != 0)
    return false;
  for (int i = 0; i < 3; ++i)
    if (uids[i] != who.uid || gids[i] != who.gid) {
      errno = EPERM;
      return false;
    }
  // As after a login: the user's own keys are found from the session's.
  ::syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
  return true;
}

} // namespace

int execute(const char* path, std::vector<char*> arguments, char* const* environment) {
  ::execve(path, arguments.data(), environment);
  if (errno != ENOEXEC)
    return errno;
  static char shell[] = "/bin/sh";
  arguments.front() = const_cast<char*>(path);
  arguments.insert(arguments.begin(), shell);
  ::execve(shell, arguments.data(), environment);
  return errno;
}

void become_program(const program_plan& plan) {
  const int errors = set_aside(plan.errors);
  const auto fail = [errors](step at) {
    const trouble what{at, errno};
    (void)!::write(errors, &what, sizeof what);
    ::_exit(exit_before_program);
  };
  const int tty = set_aside(plan.tty);
  std::vector<int> extras;
  for (const int fd : plan.extras)
    extras.push_back(set_aside(fd));

  ::setsid();
  reset_signals();
  ::umask(plan.request.user ? login_umask : plan.inherited.umask);
  if (plan.door >= 0 && ::write(plan.door, "0", 1) != 1)
    fail(step::limit);
  if (!place_descriptors(tty, extras))
    fail(step::terminal);
  if (!set_limits(plan))
    fail(step::limit);
  const auto& request = plan.request;
  if (request.user && !become_user(*request.user, request.groups))
    fail(step::user);
  if (::chdir(request.folder.c_str()) != 0)
    fail(step::folder);
  errno = execute(request.executable.c_str(), pointers(request.arguments),
                  pointers(request.environment).data());
  fail(step::program);
  ::_exit(exit_before_program);
}

} // namespace roost::keeper
