#include "actors/database/pg/socket_cutter.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

struct socket_cutter_fixture : testing::Test {
  socket_cutter_fixture() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0); }
  ~socket_cutter_fixture() override {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  static steady_time in(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
  }
  /// Blocks until something comes or the socket is cut.
  ssize_t read() {
    char byte = 0;
    return ::recv(ends[0], &byte, 1, 0);
  }

  std::array<int, 2> ends{};
  socket_cutter cutter;
};

TEST_F(socket_cutter_fixture, ends_what_blocks_for_too_long) {
  const socket_cutter::guard bound(cutter, ends[0], in(30ms));
  EXPECT_EQ(read(), 0);
  EXPECT_TRUE(bound.has_cut());
}

TEST_F(socket_cutter_fixture, leaves_alone_what_is_done_in_time) {
  { const socket_cutter::guard bound(cutter, ends[0], in(1ms)); }
  // A second one that is due later: the first one's time passes while it is watched.
  std::array<int, 2> others{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, others.data()), 0);
  {
    const socket_cutter::guard bound(cutter, others[0], in(50ms));
    char byte = 0;
    EXPECT_EQ(::recv(others[0], &byte, 1, 0), 0);
  }
  ASSERT_EQ(::send(ends[1], "x", 1, 0), 1);
  EXPECT_EQ(read(), 1);
  ::close(others[0]);
  ::close(others[1]);
}

TEST_F(socket_cutter_fixture, cuts_everything_at_the_end) {
  const socket_cutter::guard bound(cutter, ends[0], in(1h));
  std::thread ending([this] { cutter.cut_all(); });
  EXPECT_EQ(read(), 0);
  ending.join();
  std::array<int, 2> late{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, late.data()), 0);
  const socket_cutter::guard later(cutter, late[0], in(1h));
  EXPECT_TRUE(later.has_cut()) << "also what comes after it";
  ::close(late[0]);
  ::close(late[1]);
}

} // namespace
} // namespace roost::database
