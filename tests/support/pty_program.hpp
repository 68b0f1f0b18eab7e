#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

extern "C" { // glibc 2.36 forgets this in its header
#include <sys/pidfd.h>
}

#include "actors/terminal/pty/prepare.hpp"
#include "actors/terminal/pty/pty.hpp"
#include "actors/terminal/pty/unique_fd.hpp"

namespace roost::test {

/// How a program ended: exactly one of the two is set.
struct program_end {
  std::optional<int> status;
  std::optional<int> signal;
};

/// A real program on a real PTY, driven by a test: types, and waits for what it prints. What the
/// keeper does for sessions, as far as a test needs it: a session of its own, the PTY as its
/// controlling terminal, no other descriptor. Ends the program in its destructor.
class pty_program {
public:
  /// Throws if the program cannot be started.
  explicit pty_program(const terminal::prepared_spawn& what) {
    open_terminal(what.size);
    start(what);
  }
  pty_program(pty_program&&) = default;
  ~pty_program() {
    if (!pidfd_ || end_)
      return;
    // A shell's job in front is a group of its own.
    if (const pid_t front = ::tcgetpgrp(master_.get()); front > 1)
      ::kill(-front, SIGKILL);
    ::kill(-pid_, SIGKILL);
    wait_exit();
  }

  void type(std::string_view text) {
    while (!text.empty()) {
      const auto moved = terminal::write_some(master_.get(), text);
      ASSERT_NE(moved.state, terminal::pty_state::ended);
      text.remove_prefix(moved.bytes);
      if (moved.state == terminal::pty_state::again)
        wait_for(POLLOUT);
    }
  }

  /// Reads until `is_done(output)`. False, with a test failure, when that takes too long or the
  /// output ends before.
  bool read_until(const std::function<bool(const std::string&)>& is_done) {
    while (!is_done(output_)) {
      const auto moved = read();
      if (moved.state == terminal::pty_state::ended || (moved.bytes == 0 && !wait_for(POLLIN))) {
        ADD_FAILURE() << "not seen; the output so far: " << ::testing::PrintToString(output_);
        return false;
      }
    }
    return true;
  }
  bool read_until(std::string_view text) {
    return read_until(
        [text](const std::string& output) { return output.find(text) != std::string::npos; });
  }

  /// Reads what comes within a time. False when the output ends.
  bool read_for(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      const auto moved = read();
      if (moved.state == terminal::pty_state::ended)
        return false;
      pollfd ready{master_.get(), POLLIN, 0};
      if (moved.bytes == 0)
        ::poll(&ready, 1, 10);
    }
    return true;
  }

  /// Waits for the program's end. From then on reading ends once nobody else has the terminal.
  program_end wait_exit() {
    pollfd ready{pidfd_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, static_cast<int>(deadline.count())), 1)
        << "the program does not end";
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG), 0);
    end_.emplace();
    if (info.si_code == CLD_EXITED)
      end_->status = info.si_status;
    else
      end_->signal = info.si_status;
    tty_.reset();
    return *end_;
  }

  /// After `wait_exit`: everything up to the end of output.
  std::string read_rest() {
    for (;;) {
      const auto moved = read();
      if (moved.state == terminal::pty_state::ended)
        return output_;
      if (moved.bytes == 0 && !wait_for(POLLIN)) {
        ADD_FAILURE() << "the output does not end";
        return output_;
      }
    }
  }

  [[nodiscard]] int master() const { return master_.get(); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& output() const { return output_; }
  void forget_output() { output_.clear(); }

private:
  static constexpr std::chrono::milliseconds deadline{20000};

  static void check(bool is_well, const char* what) {
    if (!is_well)
      throw std::runtime_error(what);
  }

  void open_terminal(terminal::terminal_size size) {
    master_ = terminal::unique_fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 64> name{};
    check(master_ && ::grantpt(master_.get()) == 0 && ::unlockpt(master_.get()) == 0 &&
              ::ptsname_r(master_.get(), name.data(), name.size()) == 0,
          "no PTY");
    tty_name_ = name.data();
    // Held until the program has exited: one that closes its terminal for a moment has not ended.
    tty_ = terminal::unique_fd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios settings{};
    check(tty_ && ::tcgetattr(tty_.get(), &settings) == 0, "no terminal");
    settings.c_iflag |= IUTF8;
    check(::tcsetattr(tty_.get(), TCSANOW, &settings) == 0 && terminal::set_size(tty_.get(), size),
          "no terminal settings");
  }

  void start(const terminal::prepared_spawn& what) {
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    check(::posix_spawnattr_init(&attributes) == 0, "out of memory");
    check(::posix_spawn_file_actions_init(&actions) == 0, "out of memory");
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    // In a new session, so opening the terminal makes it the controlling one.
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, tty_name_.c_str(), O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    ::posix_spawn_file_actions_addchdir_np(&actions, what.cwd.c_str());
    const auto argv = pointers(what.argv);
    const auto env = pointers(what.env);
    const int error = ::posix_spawn(&pid_, what.executable.c_str(), &actions, &attributes,
                                    argv.data(), env.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    check(error == 0, "the program cannot be started");
    pidfd_ = terminal::unique_fd(::pidfd_open(pid_, 0));
    check(static_cast<bool>(pidfd_), "no pidfd");
  }

  static std::vector<char*> pointers(const std::vector<std::string>& lines) {
    std::vector<char*> out;
    for (const auto& line : lines)
      out.push_back(const_cast<char*>(line.c_str())); // posix_spawn does not write to them
    out.push_back(nullptr);
    return out;
  }

  terminal::pty_transfer read() {
    std::array<char, 4096> buffer{};
    const auto moved = terminal::read_some(master_.get(), buffer);
    output_.append(buffer.data(), moved.bytes);
    return moved;
  }

  bool wait_for(short events) {
    pollfd ready{master_.get(), events, 0};
    return ::poll(&ready, 1, static_cast<int>(deadline.count())) == 1;
  }

  terminal::unique_fd master_;
  terminal::unique_fd tty_;
  terminal::unique_fd pidfd_; ///< readable when the program has exited
  pid_t pid_ = -1;
  std::string tty_name_;
  std::string output_;
  std::optional<program_end> end_;
};

} // namespace roost::test
