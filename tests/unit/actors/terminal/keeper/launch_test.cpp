#include "actors/terminal/keeper/launch.hpp"

#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"

namespace roost::terminal {
namespace {

class launch_test : public ::testing::Test {
protected:
  /// Runs a script in the keeper's place; its exit status as it was told.
  std::optional<int> launch(const std::string& script) {
    const auto program = home_.file("program", "#!/bin/sh\n" + script + "\n", 0755);
    std::optional<int> status;
    const auto started =
        launch_keeper(io_, program, folder_, [&status](int told) { status = told; });
    EXPECT_TRUE(started) << started.error().detail;
    io_.restart();
    io_.run(); // until nothing is waited for
    return status;
  }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ifstream in(home_ / name);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }

  test::temp_folder home_;
  std::string folder_ = home_ / "keeper";
  boost::asio::io_context io_;
};

TEST_F(launch_test, tells_the_exit_status_once_the_program_has_ended) {
  EXPECT_EQ(launch("exit 0"), 0);
  EXPECT_EQ(launch("exit 3"), 3);
  EXPECT_EQ(launch("kill -TERM $$"), 128 + 15);
}

TEST_F(launch_test, makes_a_closed_folder_and_names_it) {
  EXPECT_EQ(launch("echo \"$#,$1\" > " + (home_ / "said")), 0);
  EXPECT_EQ(text_of("said"), "1," + folder_ + "\n");
  struct stat found {};
  ASSERT_EQ(::stat(folder_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
}

TEST_F(launch_test, passes_on_neither_environment_nor_descriptors) {
  ::setenv("ROOST_SECRET", "x", 1);
  const std::ifstream careless("/dev/null");
  EXPECT_EQ(launch("/usr/bin/tr '\\0' '\\n' < /proc/$$/environ > " + (home_ / "env") +
                   "; for f in /proc/$$/fd/*; do /usr/bin/readlink $f; done > " + (home_ / "fds") +
                   "; exit 0"),
            0);
  ::unsetenv("ROOST_SECRET");
  EXPECT_EQ(text_of("env"), "");
  const auto fds = text_of("fds");
  EXPECT_EQ(fds.find("socket"), std::string::npos) << fds;
  EXPECT_EQ(fds.find("eventpoll"), std::string::npos) << fds;
}

TEST_F(launch_test, says_what_is_missing) {
  const auto none = launch_keeper(io_, "", folder_, [](int) { FAIL(); });
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().detail.find("not installed"), std::string::npos);
  const auto gone = launch_keeper(io_, home_ / "gone", folder_, [](int) { FAIL(); });
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().detail.find("gone"), std::string::npos);
  const auto no_folder = launch_keeper(io_, "/bin/true", home_ / "a/b", [](int) { FAIL(); });
  ASSERT_FALSE(no_folder);
  EXPECT_NE(no_folder.error().detail.find("a/b"), std::string::npos);
  io_.run();
}

} // namespace
} // namespace roost::terminal
