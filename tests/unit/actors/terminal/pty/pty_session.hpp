#pragma once

#include <poll.h>

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "actors/terminal/pty/pty.hpp"
#include "actors/terminal/pty/spawn.hpp"

namespace roost::test {

/// A real program on a real PTY, driven by a test: types, and waits for what it prints.
class pty_session {
public:
  explicit pty_session(terminal::child child) : child_(std::move(child)) {}
  pty_session(pty_session&&) = default;
  ~pty_session() {
    if (child_.pidfd && !outcome_) {
      terminal::signal_session(child_.master.get(), child_.pid, SIGKILL,
                               terminal::leader_state::alive);
      wait_exit();
    }
  }

  void type(std::string_view text) {
    while (!text.empty()) {
      const auto moved = terminal::write_some(child_.master.get(), text);
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
      std::array<char, 4096> buffer{};
      const auto moved = terminal::read_some(child_.master.get(), buffer);
      output_.append(buffer.data(), moved.bytes);
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
      std::array<char, 4096> buffer{};
      const auto moved = terminal::read_some(child_.master.get(), buffer);
      output_.append(buffer.data(), moved.bytes);
      if (moved.state == terminal::pty_state::ended)
        return false;
      pollfd ready{child_.master.get(), POLLIN, 0};
      if (moved.bytes == 0)
        ::poll(&ready, 1, 10);
    }
    return true;
  }

  /// Waits for the program's end, then reads the rest of its output.
  terminal::exit_outcome wait_exit() {
    pollfd ready{child_.pidfd.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, static_cast<int>(deadline.count())), 1)
        << "the program does not end";
    const auto outcome = terminal::poll_exit(child_.pidfd.get());
    EXPECT_TRUE(outcome && *outcome);
    outcome_ = outcome && *outcome ? **outcome : terminal::exit_outcome{};
    child_.tty.reset();
    return *outcome_;
  }

  /// After `wait_exit`: everything up to the end of output.
  std::string read_rest() {
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto moved = terminal::read_some(child_.master.get(), buffer);
      output_.append(buffer.data(), moved.bytes);
      if (moved.state == terminal::pty_state::ended)
        return output_;
      if (moved.bytes == 0 && !wait_for(POLLIN)) {
        ADD_FAILURE() << "the output does not end";
        return output_;
      }
    }
  }

  terminal::child& child() { return child_; }
  const std::string& output() const { return output_; }
  void forget_output() { output_.clear(); }

private:
  static constexpr std::chrono::milliseconds deadline{20000};

  bool wait_for(short events) {
    pollfd ready{child_.master.get(), events, 0};
    return ::poll(&ready, 1, static_cast<int>(deadline.count())) == 1;
  }

  terminal::child child_;
  std::string output_;
  std::optional<terminal::exit_outcome> outcome_;
};

} // namespace roost::test
