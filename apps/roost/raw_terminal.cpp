#include "apps/roost/raw_terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace roost::cli {

namespace {

constexpr int leave_patience_ms = 1000;
constexpr unsigned size_max = 4096; // columns and rows: what the server takes at most

/// What is needed to give the terminal back from a signal handler: plain memory, no allocation.
struct restore_point {
  volatile std::sig_atomic_t is_active = 0;
  int input = -1;
  int output = -1;
  termios saved{};
  std::array<char, 1024> sequence{};
  std::size_t sequence_size = 0;
};

restore_point& point() {
  static restore_point shared;
  return shared;
}

/// Async-signal-safe.
void write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto count = ::write(fd, bytes, size);
    if (count > 0) {
      bytes += count;
      size -= static_cast<std::size_t>(count);
      continue;
    }
    if (count < 0 && errno == EINTR)
      continue;
    pollfd waiting{fd, POLLOUT, 0};
    // A terminal that is gone or stopped for good must not keep us.
    if (count == 0 || errno != EAGAIN || ::poll(&waiting, 1, leave_patience_ms) <= 0)
      return;
  }
}

/// Async-signal-safe, and safe to call twice.
void restore() {
  auto& p = point();
  if (p.is_active == 0)
    return;
  p.is_active = 0;
  write_all(p.output, p.sequence.data(), p.sequence_size);
  // Not drained (that may block for ever); typed answers to the session's queries are no commands
  // for the user's shell.
  ::tcflush(p.input, TCIFLUSH);
  ::tcsetattr(p.input, TCSANOW, &p.saved);
}

void on_fatal_signal(int number) {
  restore();
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(number, &standard, nullptr);
  ::raise(number);
}

void guard_against_crashes() {
  static bool is_done = false;
  if (std::exchange(is_done, true))
    return;
  std::atexit(restore);
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = static_cast<int>(SA_NODEFER);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS})
    ::sigaction(number, &action, nullptr);
}

int open_own(int fd, int flags) {
  std::array<char, 256> name{};
  if (::ttyname_r(fd, name.data(), name.size()) == 0) {
    const int own = ::open(name.data(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 0)
      return own;
  }
  // The name may be of another mount namespace.
  return ::open("/dev/tty", flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

} // namespace

outcome<std::unique_ptr<raw_terminal>> raw_terminal::open() {
  termios saved{};
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 ||
      ::tcgetattr(STDIN_FILENO, &saved) != 0)
    return usage_failure("this needs a terminal on standard input and output", {},
                         "use `roost screen`, `roost output -f` or `roost send` in scripts");
  const int input = open_own(STDIN_FILENO, O_RDONLY);
  const int output = open_own(STDOUT_FILENO, O_WRONLY);
  if (input < 0 || output < 0) {
    const std::string reason = std::strerror(errno);
    if (input >= 0)
      ::close(input);
    if (output >= 0)
      ::close(output);
    return command_failure{exit_status::no, "the terminal cannot be opened", "", reason, {}};
  }
  return std::unique_ptr<raw_terminal>(new raw_terminal(input, output, saved));
}

raw_terminal::~raw_terminal() {
  leave();
  ::close(input_);
  ::close(output_);
}

void raw_terminal::enter() {
  auto raw = saved_;
  ::cfmakeraw(&raw);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  auto& p = point();
  p.input = input_;
  p.output = output_;
  p.saved = saved_;
  const auto text = leave_sequence(size());
  p.sequence_size = std::min(text.size(), p.sequence.size());
  std::memcpy(p.sequence.data(), text.data(), p.sequence_size);
  const bool was_active = p.is_active != 0;
  p.is_active = 1;
  guard_against_crashes();
  ::tcsetattr(input_, TCSANOW, &raw);
  if (was_active)
    return;
  const auto hello = enter_sequence();
  write_all(output_, hello.data(), hello.size());
}

void raw_terminal::leave() {
  auto& p = point();
  if (p.is_active == 0)
    return;
  // The window may have another size by now.
  const auto text = leave_sequence(size());
  p.sequence_size = std::min(text.size(), p.sequence.size());
  std::memcpy(p.sequence.data(), text.data(), p.sequence_size);
  restore();
}

void raw_terminal::say(std::string_view text) { write_all(output_, text.data(), text.size()); }

terminal_size raw_terminal::size() const {
  winsize window{};
  if (::ioctl(output_, TIOCGWINSZ, &window) != 0 || window.ws_col == 0 || window.ws_row == 0)
    return {};
  return {std::min<unsigned>(window.ws_col, size_max), std::min<unsigned>(window.ws_row, size_max)};
}

} // namespace roost::cli
