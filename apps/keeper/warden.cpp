#include "apps/keeper/warden.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>

#include "apps/keeper/process_tree.hpp"

namespace roost::keeper {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Between two rounds of killing: the first soon, since processes that were just killed leave
/// orphans; the last rarely, since what cannot be killed (another user's, or stuck in the kernel)
/// must not cost a processor.
constexpr milliseconds shortest_pause{5};
constexpr milliseconds longest_pause{200};
constexpr int exit_broken = 1;

/// Closes every descriptor from 3 on but these.
void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned from = STDERR_FILENO + 1;
  for (const int fd : kept) {
    if (fd < static_cast<int>(from))
      continue; // none, or one of the standard three
    if (static_cast<unsigned>(fd) > from)
      ::close_range(from, static_cast<unsigned>(fd) - 1, 0);
    from = static_cast<unsigned>(fd) + 1;
  }
  ::close_range(from, ~0U, 0);
}

class warden {
public:
  explicit warden(int channel) : channel_(channel), killer_(::getpid()) {}

  void start(const program_plan& plan);
  [[noreturn]] void run();

private:
  void reap();
  void take_orders();
  void deliver(const warden_order& order);
  void kill_some();
  void tell(const warden_notice& what) {
    ::send(channel_, &what, sizeof what, MSG_NOSIGNAL); // a keeper that is gone needs no notice
  }

  int channel_;
  int children_ = -1; ///< signalfd of SIGCHLD
  pid_t leader_ = 0;
  bool is_leader_reaped_ = false;
  bool is_ending_ = false;
  tree_killer killer_;
  milliseconds pause_ = shortest_pause;
  steady_clock::time_point next_round_;
};

void warden::start(const program_plan& plan) {
  ::setsid(); // no signal of a terminal or of the keeper's group is for us
  ::prctl(PR_SET_NAME, "roost-warden");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // The channel tells of the keeper's death. This is for a warden that a program has stopped.
  ::prctl(PR_SET_PDEATHSIG, SIGCONT);
  // Nothing but KILL ends a warden before its tree.
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);

  std::vector<int> kept{channel_, plan.tty, plan.errors, plan.door};
  kept.insert(kept.end(), plan.extras.begin(), plan.extras.end());
  close_all_but(std::move(kept));
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  children_ = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);

  // A program may stop its warden: not before that has said what the keeper waits for.
  int gate[2]{-1, -1};
  leader_ = children_ < 0 || ::pipe2(gate, O_CLOEXEC) != 0 ? -1 : ::fork();
  if (leader_ == 0) {
    ::close(gate[1]);
    char end = 0;
    while (::read(gate[0], &end, 1) < 0 && errno == EINTR) {
    }
    become_program(plan);
  }
  if (leader_ < 0) {
    const trouble what{step::process, errno};
    (void)!::write(plan.errors, &what, sizeof what);
    ::_exit(exit_broken);
  }
  // Before the pipe closes: its end tells the keeper that this was said.
  tell({.what = warden_notice::fact::born, .pid = leader_});
  close_all_but({channel_, children_}); // the gate, too
}

void warden::run() {
  for (;;) {
    reap();
    if (is_ending_ && steady_clock::now() >= next_round_)
      kill_some();
    int timeout = -1;
    if (is_ending_)
      timeout = static_cast<int>(std::max<std::int64_t>(
          0, std::chrono::ceil<milliseconds>(next_round_ - steady_clock::now()).count()));
    pollfd ready[2]{{children_, POLLIN, 0}, {is_ending_ ? -1 : channel_, POLLIN, 0}};
    ::poll(ready, 2, timeout);
    signalfd_siginfo ignored{};
    while (::read(children_, &ignored, sizeof ignored) > 0) {
    }
    if (ready[1].revents != 0)
      take_orders();
  }
}

/// Exits when nobody is left.
void warden::reap() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == ECHILD)
      ::_exit(0);
    if (pid <= 0)
      return;
    if (pid != leader_ || is_leader_reaped_)
      continue;
    is_leader_reaped_ = true;
    warden_notice what{.what = warden_notice::fact::exited, .pid = leader_};
    if (WIFEXITED(status))
      what.status = WEXITSTATUS(status);
    else
      what.signal = WTERMSIG(status);
    tell(what);
  }
}

void warden::take_orders() {
  warden_order order;
  const auto got = ::recv(channel_, &order, sizeof order, MSG_DONTWAIT);
  if (got == static_cast<ssize_t>(sizeof order))
    deliver(order);
  else if (got >= 0 || (errno != EAGAIN && errno != EINTR))
    is_ending_ = true;
}

void warden::deliver(const warden_order& order) {
  if (order.to == reach::tree)
    return signal_tree(::getpid(), {}, order.number);
  // Without its leader a group's number may be a stranger's: look for members of the session.
  if (is_leader_reaped_ || order.number == SIGKILL)
    return signal_session(::getpid(), leader_, order.number);
  const auto signal_group = [&](pid_t group) {
    ::kill(-group, order.number);
    if (continues_after(order.number))
      ::kill(-group, SIGCONT);
  };
  if (order.front > 1 && order.front != leader_)
    signal_group(order.front);
  signal_group(leader_);
}

void warden::kill_some() {
  const auto outcome = killer_.round();
  pause_ = outcome.has_new ? shortest_pause : std::min(pause_ * 2, longest_pause);
  next_round_ = steady_clock::now() + pause_;
}

} // namespace

void run_warden(const program_plan& plan, int channel) {
  warden self(channel);
  self.start(plan);
  self.run();
}

} // namespace roost::keeper
