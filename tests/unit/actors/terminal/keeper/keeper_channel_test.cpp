#include "actors/terminal/keeper/keeper_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <cstring>

#include <gtest/gtest.h>

#include "protocols/wire/keeper.hpp"
#include "tests/support/temp_folder.hpp"

namespace roost::terminal {
namespace {

using namespace std::chrono_literals;
using read_state = keeper_channel::read_state;
using send_state = keeper_channel::send_state;

/// The other side: a socket where the keeper's would be, without any of its rules.
class keeper_channel_test : public ::testing::Test {
protected:
  keeper_channel_test() {
    // Longer than a socket's address has room for.
    folder_ = home_.folder(std::string(120, 'd'));
    const unique_fd place(::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = "/proc/self/fd/" + std::to_string(place.get()) + "/keeper.sock";
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    listener_ = unique_fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(::listen(listener_.get(), 4), 0);
  }

  std::shared_ptr<keeper_channel> connect() {
    auto out = keeper_channel::connect(io_, folder_);
    EXPECT_TRUE(out) << out.error().detail;
    peer_ = unique_fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(peer_);
    return std::move(out).value();
  }

  void peer_sends(std::string_view bytes, const std::vector<int>& fds = {}) {
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 16)> control{};
    if (!fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
      auto* c = CMSG_FIRSTHDR(&message);
      c->cmsg_level = SOL_SOCKET;
      c->cmsg_type = SCM_RIGHTS;
      c->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
      std::memcpy(CMSG_DATA(c), fds.data(), sizeof(int) * fds.size());
    }
    ASSERT_EQ(::sendmsg(peer_.get(), &message, MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  /// One packet at the other side; waits for it. Empty: the end.
  keeper_channel::packet peer_reads() {
    std::array<char, 8192> bytes{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 16)> control{};
    iovec piece{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto size = ::recvmsg(peer_.get(), &message, MSG_CMSG_CLOEXEC);
    keeper_channel::packet out;
    out.bytes.assign(bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c))
      for (std::size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
        out.fds.emplace_back(fd);
      }
    return out;
  }

  /// Whether a handler that was given to the channel comes.
  bool comes(const bool& has_come) {
    io_.restart();
    return io_.run_one_for(20s) > 0 && has_come;
  }

  static ino_t file_of(int fd) {
    struct stat found {};
    EXPECT_EQ(::fstat(fd, &found), 0);
    return found.st_ino;
  }

  test::temp_folder home_;
  std::string folder_;
  boost::asio::io_context io_;
  unique_fd listener_;
  unique_fd peer_;
};

TEST_F(keeper_channel_test, connecting_says_why_it_fails) {
  EXPECT_FALSE(keeper_channel::connect(io_, home_ / "nowhere"));
  const auto nobody = keeper_channel::connect(io_, home_.folder("empty"));
  ASSERT_FALSE(nobody);
  EXPECT_NE(nobody.error().detail.find("connect"), std::string::npos) << nobody.error().detail;
  listener_.reset();
  EXPECT_FALSE(keeper_channel::connect(io_, folder_)) << "a socket that nobody listens at";
}

TEST_F(keeper_channel_test, packets_stay_whole_and_in_order) {
  const auto channel = connect();
  keeper_channel::packet next;
  EXPECT_EQ(channel->read(next), read_state::nothing);
  peer_sends("one");
  peer_sends(std::string(4096, 'x'));
  EXPECT_EQ(channel->read(next), read_state::packet);
  EXPECT_EQ(next.bytes, "one");
  EXPECT_EQ(channel->read(next), read_state::packet);
  EXPECT_EQ(next.bytes, std::string(4096, 'x'));
  EXPECT_EQ(channel->read(next), read_state::nothing);
  EXPECT_EQ(channel->send("two"), send_state::sent);
  EXPECT_EQ(channel->send("three"), send_state::sent);
  EXPECT_EQ(peer_reads().bytes, "two");
  EXPECT_EQ(peer_reads().bytes, "three");
}

TEST_F(keeper_channel_test, descriptors_travel_beside_their_packet) {
  const auto channel = connect();
  const std::array<unique_fd, 2> files{
      unique_fd(::open(home_.file("a", "").c_str(), O_RDONLY | O_CLOEXEC)),
      unique_fd(::open(home_.file("b", "").c_str(), O_RDONLY | O_CLOEXEC))};
  peer_sends("none");
  peer_sends("two", {files[0].get(), files[1].get()});
  keeper_channel::packet next;
  ASSERT_EQ(channel->read(next), read_state::packet);
  EXPECT_TRUE(next.fds.empty());
  ASSERT_EQ(channel->read(next), read_state::packet);
  EXPECT_EQ(next.bytes, "two");
  ASSERT_EQ(next.fds.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(file_of(next.fds[i].get()), file_of(files[i].get())) << "their order is kept";
    EXPECT_NE(::fcntl(next.fds[i].get(), F_GETFD) & FD_CLOEXEC, 0);
  }

  std::vector<unique_fd> out;
  for (std::size_t i = 0; i < keeper::most_extra_fds + 1; ++i)
    out.emplace_back(::dup(files[i % 2].get()));
  const int first = out.front().get();
  EXPECT_EQ(channel->send("back", std::move(out)), send_state::sent);
  EXPECT_EQ(::fcntl(first, F_GETFD), -1) << "closed once it is sent";
  const auto got = peer_reads();
  EXPECT_EQ(got.bytes, "back");
  ASSERT_EQ(got.fds.size(), keeper::most_extra_fds + 1);
  EXPECT_EQ(file_of(got.fds[1].get()), file_of(files[1].get()));

  out.clear();
  for (std::size_t i = 0; i < keeper::most_extra_fds + 2; ++i)
    out.emplace_back(::dup(files[0].get()));
  EXPECT_EQ(channel->send("too many", std::move(out)), send_state::closed);
}

TEST_F(keeper_channel_test, what_the_peer_does_not_read_waits_in_order) {
  const auto channel = connect();
  std::size_t count = 0;
  while (channel->send(std::to_string(count)) == send_state::sent)
    ASSERT_LT(++count, 100'000u) << "the kernel must refuse at some point";
  ++count; // that one waits
  // A descriptor waits with its packet.
  std::vector<unique_fd> file;
  file.emplace_back(::open(home_.file("late", "").c_str(), O_RDONLY | O_CLOEXEC));
  const auto number = file_of(file.front().get());
  EXPECT_EQ(channel->send(std::to_string(count++), std::move(file)), send_state::queued);
  EXPECT_EQ(channel->flush(), send_state::queued) << "still no room";

  std::size_t expected = 0;
  const auto read_one = [&] {
    const auto got = peer_reads();
    EXPECT_EQ(got.bytes, std::to_string(expected));
    EXPECT_EQ(got.fds.size(), expected + 1 == count ? 1u : 0u);
    if (!got.fds.empty()) {
      EXPECT_EQ(file_of(got.fds[0].get()), number);
    }
    ++expected;
  };
  while (expected + 2 < count)
    read_one();
  bool has_come = false;
  channel->wait_writable([&] { has_come = true; });
  EXPECT_TRUE(comes(has_come));
  EXPECT_EQ(channel->flush(), send_state::sent);
  while (expected < count)
    read_one();
}

TEST_F(keeper_channel_test, a_peer_that_never_reads_is_given_up) {
  const auto channel = connect();
  std::size_t sent = 0;
  while (channel->send("x") == send_state::sent)
    ASSERT_LT(++sent, 100'000u);
  for (std::size_t i = 1; i < keeper_channel::most_queued; ++i)
    ASSERT_EQ(channel->send("x"), send_state::queued);
  EXPECT_EQ(channel->send("x"), send_state::closed);
}

TEST_F(keeper_channel_test, tells_when_there_is_something_to_read_and_when_it_has_ended) {
  const auto channel = connect();
  bool has_come = false;
  channel->wait_readable([&] { has_come = true; });
  EXPECT_EQ(io_.poll(), 0u) << "never from inside a call, and not before there is something";
  peer_sends("late");
  EXPECT_TRUE(comes(has_come));
  keeper_channel::packet next;
  EXPECT_EQ(channel->read(next), read_state::packet);

  has_come = false;
  channel->wait_readable([&] { has_come = true; });
  peer_sends("last");
  peer_.reset();
  EXPECT_TRUE(comes(has_come));
  EXPECT_EQ(channel->read(next), read_state::packet) << "what came before the end is not lost";
  EXPECT_EQ(next.bytes, "last");
  EXPECT_EQ(channel->read(next), read_state::closed);
  EXPECT_TRUE(next.bytes.empty());
  EXPECT_EQ(channel->send("nobody"), send_state::closed);
}

TEST_F(keeper_channel_test, after_close_everything_says_so) {
  const auto channel = connect();
  bool has_come = false;
  channel->wait_readable([&] { has_come = true; });
  channel->close();
  EXPECT_TRUE(comes(has_come)) << "whoever waits hears of it";
  keeper_channel::packet next;
  EXPECT_EQ(channel->read(next), read_state::closed);
  EXPECT_EQ(channel->send("x"), send_state::closed);
  EXPECT_EQ(channel->flush(), send_state::closed);
  EXPECT_TRUE(peer_reads().bytes.empty()) << "the other side sees the end";
  has_come = false;
  channel->wait_readable([&] { has_come = true; });
  EXPECT_TRUE(comes(has_come));
  channel->close();
}

} // namespace
} // namespace roost::terminal
