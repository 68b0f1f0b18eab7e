#pragma once

#include <sys/wait.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/terminal/pty/prepare.hpp"
#include "tests/support/pty_program.hpp"
#include "tests/support/temp_folder.hpp"

namespace roost::test {

/// Starts real programs in a home folder of their own; each test ends with what it began with.
class program_fixture : public ::testing::Test {
protected:
  program_fixture() : descriptors_(open_descriptors()) {
    context_.server = {{"PATH", "/usr/bin:/bin"}, {"HOME", home_.path()}, {"SHELL", "/bin/sh"}};
    context_.user = {"ada", home_.path(), "/bin/sh"};
    context_.identity = {"s1", "", "0"};
  }
  ~program_fixture() override {
    EXPECT_EQ(open_descriptors(), descriptors_) << "descriptors leaked";
    EXPECT_FALSE(has_children()) << "processes leaked";
  }

  pty_program start(std::vector<std::string> command) {
    terminal::spawn_request request;
    request.command = std::move(command);
    request.cols = 132;
    request.rows = 43;
    const auto out = terminal::prepare(request, context_);
    EXPECT_TRUE(out) << out.error().detail;
    return pty_program(*out);
  }

  temp_folder home_;
  terminal::spawn_context context_;

private:
  static std::size_t open_descriptors() {
    const auto all = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  static bool has_children() { // running or zombie
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
  }

  std::size_t descriptors_;
};

} // namespace roost::test
