#include "actors/connection/door_guard.hpp"

#include "actors/connection/listener.hpp"
#include "actors/runtime/log.hpp"
#include "tests/unit/actors/connection/loopback_socket.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <fcntl.h>
#include <functional>
#include <string>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using test::loopback_socket;

/// A guard of one listener. The test's thread is the io_context's.
class door_guard_test : public testing::Test {
protected:
  door_guard_test() {
    log::init({log::severity::info, log::layout::text},
              [this](std::string_view line) { lines.emplace_back(line); });
    const auto fds = listen_tcp({"127.0.0.1", 0});
    if (fds)
      listener = test::owned_fd(fds->front());
    port = local_port(listener.get());
    guard->watch(listener.get());
  }
  ~door_guard_test() override { log::init({}); }

  void refuse(std::string_view key, int times) {
    for (int i = 0; i < times; ++i)
      guard->refused(key);
  }
  /// Runs what is due until something is true.
  bool eventually(const std::function<bool()>& is_true) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!is_true() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(100ms);
    }
    return is_true();
  }
  [[nodiscard]] loopback_socket from(const char* address) const {
    return {address, "127.0.0.1", port};
  }

  /// Refusals that ban a client: the burst, one on what the clock gives meanwhile, one too many.
  static constexpr int enough = 5;

  std::vector<std::string> lines;
  boost::asio::io_context io;
  test::owned_fd listener;
  std::uint16_t port = 0;
  std::shared_ptr<door_guard> guard =
      std::make_shared<door_guard>(io, flood_guard::settings{1, 3, 500ms, 64, 1024});
};

TEST_F(door_guard_test, a_flood_is_dropped_for_a_while_and_nobody_else) {
  if (!test::may_filter())
    return; // see a_kernel_without_filters_is_told_of_once
  refuse("127.0.0.66", 3);
  EXPECT_EQ(guard->banned_now(), 0U);
  EXPECT_TRUE(from("127.0.0.66").is_connected());
  refuse("127.0.0.66", 2);
  EXPECT_EQ(guard->banned_now(), 1U);
  EXPECT_TRUE(from("127.0.0.66").is_dropped());
  EXPECT_TRUE(from("127.0.0.67").is_connected());
  EXPECT_TRUE(eventually([&] { return guard->banned_now() == 0; }));
  EXPECT_TRUE(from("127.0.0.66").is_connected());
  EXPECT_EQ(guard->bans_total(), 1U);
}

TEST_F(door_guard_test, bans_end_one_by_one) {
  if (!test::may_filter())
    return; // see a_kernel_without_filters_is_told_of_once
  refuse("127.0.0.66", enough);
  const auto first = std::chrono::steady_clock::now();
  EXPECT_TRUE(from("127.0.0.66").is_dropped()); // takes 200 ms
  refuse("127.0.0.67", enough);
  EXPECT_EQ(guard->banned_now(), 2U);
  EXPECT_TRUE(eventually([&] { return guard->banned_now() == 1; }));
  EXPECT_GE(std::chrono::steady_clock::now() - first, 490ms);
  EXPECT_TRUE(from("127.0.0.66").is_connected());
  EXPECT_TRUE(eventually([&] { return guard->banned_now() == 0; }));
  EXPECT_TRUE(from("127.0.0.67").is_connected());
  EXPECT_EQ(guard->bans_total(), 2U);
}

TEST_F(door_guard_test, one_line_tells_of_many_bans) {
  if (!test::may_filter())
    return; // see a_kernel_without_filters_is_told_of_once
  for (int i = 1; i <= 40; ++i)
    refuse("198.51.100." + std::to_string(i), enough);
  EXPECT_EQ(guard->banned_now(), 40U);
  EXPECT_EQ(guard->bans_total(), 40U);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("198.51.100.1"), std::string::npos) << lines[0];
}

TEST_F(door_guard_test, a_proxy_is_never_banned) {
  refuse("", 1000);
  EXPECT_EQ(guard->bans_total(), 0U);
  EXPECT_TRUE(from("127.0.0.1").is_connected());
}

TEST_F(door_guard_test, forgotten_descriptors_are_never_touched) {
  if (!test::may_filter())
    return; // see a_kernel_without_filters_is_told_of_once
  refuse("127.0.0.66", enough);
  guard->forget();
  EXPECT_TRUE(eventually([&] { return guard->banned_now() == 0; }));
  // A stranger gets the number of the closed listener, as it may in a server that goes on.
  const int number = listener.get();
  const auto stranger = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(stranger);
  ASSERT_EQ(::dup3(stranger->front(), number, O_CLOEXEC), number);
  ::close(stranger->front());
  port = local_port(number);
  refuse("127.0.0.66", 1000);
  refuse("127.0.0.67", 1000);
  EXPECT_TRUE(from("127.0.0.66").is_connected());
  EXPECT_TRUE(from("127.0.0.67").is_connected());
  EXPECT_EQ(guard->bans_total(), 1U);
}

TEST_F(door_guard_test, a_kernel_without_filters_is_told_of_once_and_nobody_stays_banned) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  guard->watch(pipe[0]); // takes none
  refuse("127.0.0.66", 1000);
  refuse("127.0.0.67", 1000);
  EXPECT_EQ(guard->banned_now(), 0U);
  EXPECT_EQ(guard->bans_total(), 0U);
  EXPECT_TRUE(from("127.0.0.66").is_connected()) << "the listener had one for a moment";
  ASSERT_EQ(lines.size(), test::may_filter() ? 2U : 1U);
  EXPECT_NE(lines[0].find("floods are refused one by one"), std::string::npos) << lines[0];
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(door_guard_test, may_go_while_a_ban_is_on) {
  refuse("127.0.0.66", enough);
  guard.reset();
  io.restart();
  io.run_for(600ms);
}

} // namespace
} // namespace roost::connection
