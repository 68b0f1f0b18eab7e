#pragma once

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/terminal/pty/spawn.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/unit/actors/terminal/pty/pty_session.hpp"

namespace roost::test {

/// The descriptors that this process has open now.
inline std::size_t open_descriptors() {
  const auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Whether this process has children, running or zombie.
inline bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/// Waits for something that no descriptor announces.
inline bool eventually(const std::function<bool()>& is_true) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// Starts real programs in a home folder of their own; each test ends with what it began with.
class spawn_fixture : public ::testing::Test {
protected:
  spawn_fixture() : descriptors_(open_descriptors()) {
    context_.server = {{"PATH", "/usr/bin:/bin"}, {"HOME", home_.path()}, {"SHELL", "/bin/sh"}};
    context_.user = {"ada", home_.path(), "/bin/sh"};
    context_.identity = {"s1", "", "0"};
  }
  ~spawn_fixture() override {
    EXPECT_EQ(open_descriptors(), descriptors_) << "descriptors leaked";
    EXPECT_FALSE(has_children()) << "processes leaked";
  }

  terminal::prepared_spawn prepared(std::vector<std::string> command) {
    terminal::spawn_request request;
    request.command = std::move(command);
    request.cols = 132;
    request.rows = 43;
    auto out = terminal::prepare(request, context_);
    EXPECT_TRUE(out) << out.error().detail;
    return std::move(out).value();
  }

  pty_session start(std::vector<std::string> command) {
    auto out = terminal::spawn(prepared(std::move(command)));
    EXPECT_TRUE(out) << out.error().detail;
    return pty_session(std::move(out).value());
  }

  /// Runs a script of sh to its end; returns what it printed, with plain line ends.
  std::string run(const std::string& script) {
    auto session = start({"sh", "-c", script});
    last_exit_ = session.wait_exit();
    auto text = session.read_rest();
    std::erase(text, '\r');
    return text;
  }

  temp_folder home_;
  terminal::spawn_context context_;
  terminal::exit_outcome last_exit_;

private:
  std::size_t descriptors_;
};

} // namespace roost::test
