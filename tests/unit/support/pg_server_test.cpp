#include "tests/support/pg_server.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

extern "C" { // glibc 2.36 forgets this in its header
#include <sys/pidfd.h>
}

namespace roost::test {
namespace {

TEST(pg_server_test, each_database_is_another_one_and_a_copy_holds_what_was_copied) {
  auto& server = pg_server::shared();
  const auto first = server.make_database();
  server.sql("CREATE TABLE t (n integer); INSERT INTO t VALUES (7)", first);
  const auto copy = server.make_database(first);
  EXPECT_EQ(server.sql("SELECT n FROM t", copy), (std::vector<std::vector<std::string>>{{"7"}}));
  const auto other = server.make_database();
  EXPECT_THROW(server.sql("SELECT n FROM t", other), std::runtime_error);
  EXPECT_EQ(server.sql("SHOW listen_addresses")[0][0], "");
}

TEST(pg_server_test, what_was_committed_is_there_after_a_crash) {
  pg_server server;
  const auto name = server.make_database();
  server.sql("CREATE TABLE t (n integer); INSERT INTO t VALUES (7)", name);
  server.end(SIGKILL);
  EXPECT_EQ(server.pid(), -1);
  EXPECT_THROW(server.sql("SELECT 1"), std::runtime_error);
  server.start();
  EXPECT_EQ(server.sql("SELECT n FROM t", name)[0][0], "7");
}

TEST(pg_server_test, the_server_ends_with_a_test_that_is_killed) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const pg_server server;
    const pid_t pid = server.pid();
    if (::write(ends[1], &pid, sizeof pid) == sizeof pid)
      ::pause();
    ::_exit(1);
  }
  ::close(ends[1]);
  pid_t pid = -1;
  ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ::close(ends[0]);
  const int server = ::pidfd_open(pid, 0);
  ASSERT_GE(server, 0);
  pollfd gone{server, POLLIN, 0};
  EXPECT_EQ(::poll(&gone, 1, 0), 0) << "it should run yet";
  const auto data = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(::poll(&gone, 1, 30'000), 1) << "the server has outlived its test";
  ::close(server);
  // What nobody was left to remove: the parent of the data folder.
  std::error_code ignored;
  std::filesystem::remove_all(data.parent_path(), ignored);
}

} // namespace
} // namespace roost::test
