#include "actors/connection/listener.hpp"

#include "tests/unit/actors/connection/server_fixture.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace roost::connection {
namespace {

using test::eventually;
using test::http_client;

/// A listener on its own thread that counts what it accepts.
class listener_test : public testing::Test {
protected:
  void start(int fd) {
    subject = std::make_shared<listener>(io, fd, [this](arrival from) {
      const std::lock_guard lock(mutex);
      if (auto socket = adopt(std::move(from), io))
        sockets.push_back(std::move(*socket));
    });
    subject->start();
    thread.emplace([this] { io.run(); });
  }
  ~listener_test() override {
    if (subject)
      subject->stop();
    work.reset();
    thread.reset();
  }
  bool has_accepted(std::size_t count) {
    return eventually([&] {
      const std::lock_guard lock(mutex);
      return sockets.size() == count;
    });
  }

  boost::asio::io_context io;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
      io.get_executor()};
  std::shared_ptr<listener> subject;
  std::mutex mutex;
  std::vector<accepted> sockets;
  std::optional<std::jthread> thread;
  test::temporary_folder folder;
};

TEST_F(listener_test, port_zero_is_a_free_port_and_addresses_are_known) {
  const auto fds = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(fds);
  ASSERT_EQ(fds->size(), 1U);
  const auto port = local_port(fds->front());
  EXPECT_NE(port, 0);
  start(fds->front());
  const auto client = http_client::tcp(port);
  ASSERT_TRUE(has_accepted(1));
  EXPECT_EQ(sockets[0].address, "127.0.0.1");
  EXPECT_EQ(sockets[0].local_address, "127.0.0.1");
  int on = 0;
  socklen_t size = sizeof on;
  ::getsockopt(sockets[0].socket.native_handle(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, &size);
  EXPECT_EQ(on, 1);
  EXPECT_NE(::fcntl(sockets[0].socket.native_handle(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(listener_test, ipv6_works_or_its_absence_is_named) {
  const auto fds = listen_tcp({"::1", 0});
  if (!fds) {
    EXPECT_TRUE(fds.error().is(setup_error::bad_configuration));
    EXPECT_TRUE(fds.error().detail.starts_with("listen: [::1]:0: ")) << fds.error().detail;
    return;
  }
  EXPECT_NE(local_port(fds->front()), 0);
  start(fds->front());
}

TEST_F(listener_test, a_taken_port_is_named) {
  const auto first = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(first);
  const auto port = local_port(first->front());
  const auto second = listen_tcp({"127.0.0.1", port});
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(setup_error::address_in_use));
  EXPECT_EQ(describe(second.error()).cli_exit, 75);
  EXPECT_NE(second.error().detail.find(std::to_string(port)), std::string::npos);
  ::close(first->front());
}

TEST_F(listener_test, an_address_that_is_not_ours_is_refused) {
  const auto foreign = listen_tcp({"192.0.2.1", 0});
  ASSERT_FALSE(foreign);
  EXPECT_TRUE(foreign.error().is(setup_error::bad_configuration));
  EXPECT_FALSE(listen_tcp({"no such host", 0}));
}

TEST_F(listener_test, a_leftover_socket_is_replaced_and_nothing_else) {
  const auto path = folder.path() + "/api.sock";
  const auto first = listen_unix(path);
  ASSERT_TRUE(first);
  ::close(*first); // as after a crash: the file stays
  const auto second = listen_unix(path);
  ASSERT_TRUE(second);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  start(*second);
  const auto client = http_client::unix_socket(path);
  ASSERT_TRUE(has_accepted(1));
  EXPECT_EQ(sockets[0].address, "unix");
  EXPECT_EQ(sockets[0].uid, ::geteuid());

  std::ofstream(folder.path() + "/file") << "mine";
  EXPECT_FALSE(listen_unix(folder.path() + "/file"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/file"));
  const auto too_long = listen_unix(folder.path() + "/" + std::string(120, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().detail.find("--data-dir"), std::string::npos);
}

TEST_F(listener_test, nothing_is_accepted_after_stop) {
  const auto fds = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(fds);
  const auto port = local_port(fds->front());
  start(fds->front());
  subject->stop();
  EXPECT_TRUE(eventually([&] {
    auto client = http_client::tcp(port);
    return client.is_closed_within(std::chrono::milliseconds(100));
  }));
}

#ifndef __SANITIZE_ADDRESS__ // the sanitizers open a pipe to look at an object: here they cannot
TEST_F(listener_test, without_descriptors_clients_are_refused_and_service_comes_back) {
  const auto fds = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(fds);
  const auto port = local_port(fds->front());
  start(fds->front());
  ASSERT_TRUE(has_accepted(0));
  // A descriptor for the client, then none for the server.
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(probe, 0);
  ::close(probe);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(probe) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  {
    auto client = http_client::tcp(port);
    EXPECT_TRUE(client.is_closed_within());
  }
  EXPECT_TRUE(has_accepted(0));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const auto client = http_client::tcp(port);
  EXPECT_TRUE(has_accepted(1));
}
#endif

} // namespace
} // namespace roost::connection
