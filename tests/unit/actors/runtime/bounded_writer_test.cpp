#include "actors/runtime/bounded_writer.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace roost {
namespace {

using namespace std::chrono_literals;
using outcome = bounded_writer::outcome;

struct channel {
  int read_end = -1;
  int write_end = -1;

  channel(int read_fd, int write_fd) : read_end(read_fd), write_end(write_fd) {}
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel() {
    if (read_end >= 0)
      ::close(read_end);
    ::close(write_end);
  }

  /// Everything that is there now.
  std::string drain() const {
    ::fcntl(read_end, F_SETFL, O_NONBLOCK);
    std::string out;
    std::array<char, 65536> buffer{};
    for (;;) {
      const auto count = ::read(read_end, buffer.data(), buffer.size());
      if (count <= 0)
        return out;
      out.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
};

channel make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {ends[0], ends[1]};
}

channel make_socket() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {ends[0], ends[1]};
}

void stays_bounded_and_whole(channel& to) {
  const auto line = std::string(999, 'x') + "\n";
  bounded_writer writer(to.write_end, 50ms);
  const auto start = std::chrono::steady_clock::now();
  int accepted = 0;
  for (int i = 0; i < 5'000; ++i)
    accepted += writer.write(line) == outcome::written ? 1 : 0;
  // One wait, however many lines nobody reads.
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_GT(accepted, 10);
  EXPECT_LT(accepted, 5'000);
  EXPECT_EQ(writer.take_dropped(), static_cast<std::uint64_t>(5'000 - accepted));
  EXPECT_EQ(writer.take_dropped(), 0U);

  auto seen = to.drain();
  EXPECT_EQ(writer.write("last\n"), outcome::written);
  seen += to.drain();
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(accepted) * line.size() + 5);
  EXPECT_TRUE(seen.ends_with("x\nlast\n"));
}

TEST(bounded_writer, a_pipe_nobody_reads_does_not_block) {
  auto to = make_pipe();
  stays_bounded_and_whole(to);
}

TEST(bounded_writer, a_socket_nobody_reads_does_not_block) {
  auto to = make_socket();
  stays_bounded_and_whole(to);
}

TEST(bounded_writer, the_shared_descriptor_keeps_its_flags) {
  auto to = make_pipe();
  const int before = ::fcntl(to.write_end, F_GETFL);
  bounded_writer writer(to.write_end);
  EXPECT_EQ(writer.write("a\n"), outcome::written);
  EXPECT_EQ(::fcntl(to.write_end, F_GETFL), before);
}

TEST(bounded_writer, a_reader_that_is_gone_costs_nothing) {
  auto to = make_pipe();
  bounded_writer writer(to.write_end);
  ::close(to.read_end);
  to.read_end = -1;
  struct sigaction ignore {};
  struct sigaction old {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &old);
  EXPECT_EQ(writer.write("a\n"), outcome::dropped);
  EXPECT_EQ(writer.write("b\n"), outcome::dropped);
  ::sigaction(SIGPIPE, &old, nullptr);
}

TEST(bounded_writer, a_closed_descriptor_is_no_crash) {
  bounded_writer writer(-1);
  EXPECT_EQ(writer.write("a\n"), outcome::dropped);
}

TEST(bounded_writer, a_file_is_appended_where_its_descriptor_stands) {
  auto* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(::write(::fileno(file), "first\n", 6), 6);
  bounded_writer writer(::fileno(file));
  EXPECT_EQ(writer.write("second\n"), outcome::written);
  std::array<char, 64> buffer{};
  EXPECT_EQ(::pread(::fileno(file), buffer.data(), buffer.size(), 0), 13);
  EXPECT_STREQ(buffer.data(), "first\nsecond\n");
  std::fclose(file);
}

} // namespace
} // namespace roost
