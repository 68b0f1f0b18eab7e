#include "actors/channel/transport/unix_transport.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/actors/channel/transport/python_program.hpp"
#include "tests/unit/actors/channel/transport/transport_fixture.hpp"

namespace roost::channel {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class unix_transport_test : public transport_fixture {
protected:
  void begin_at(const std::string& path) {
    transport_config config;
    config.kind = transport_kind::unix_socket;
    config.path = path;
    begin(std::make_shared<unix_transport>(io_, config, std::uint64_t{1} << 20U, "test"));
  }

  void start_server() {
    ::unlink(path_.c_str());
    server_.emplace(folder_.file("helper.py", helper_script), path_);
  }

  const std::string path_ = folder_ / "helper.sock";
  std::optional<python_program> server_;
};

/// A socket of any type, bound but not listening.
terminal::unique_fd bound_socket(const std::string& path, int type) {
  terminal::unique_fd out(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  EXPECT_EQ(::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return out;
}

TEST_F(unix_transport_test, requests_share_one_connection) {
  start_server();
  begin_at(path_);
  EXPECT_EQ(ask("echo", "{\"a\":\n1}").value, R"({"a":1})");
  const auto held = send("hold");
  EXPECT_EQ(ask("slowly", "[1,2]").value, "[1,2]");
  EXPECT_EQ(ask("release").value, "null");
  EXPECT_EQ(wait(held).value, std::to_string(held));
  EXPECT_EQ(ask("twice").value, "1");
  EXPECT_EQ(ask("strange").value, "\"ok\"");
  EXPECT_EQ(ask("big", "[1000000]").value.size(), 1'000'002U);
  const auto cancelled = send("hold");
  way_->cancel(cancelled);
  EXPECT_EQ(ask("cancelled").value, "[" + std::to_string(cancelled) + "]");
  const auto view = way_->view();
  EXPECT_TRUE(view.is_up);
  EXPECT_EQ(view.starts, 1U);
  EXPECT_EQ(view.pid, 0);
  EXPECT_EQ(view.unknown, 2U);
  EXPECT_EQ(view.violations, 0U);
  EXPECT_LT(stop(), machine_is_busy);
}

TEST_F(unix_transport_test, nobody_there_is_unavailable_at_once_until_somebody_comes) {
  begin_at(path_);
  EXPECT_THAT(wait(send("echo")).detail, HasSubstr("No such file"));
  EXPECT_EQ(ask("echo").kind, reply_kind::unavailable);
  folder_.file("helper.sock", "a file");
  EXPECT_EQ(ask("echo").kind, reply_kind::unavailable);
  ::unlink(path_.c_str());
  const auto deaf = bound_socket(path_, SOCK_STREAM);
  EXPECT_THAT(wait(send("echo")).detail, HasSubstr("refused"));
  EXPECT_EQ(ask("echo").kind, reply_kind::unavailable);
  ::unlink(path_.c_str());
  const auto other = bound_socket(path_, SOCK_DGRAM);
  EXPECT_EQ(ask("echo").kind, reply_kind::unavailable);
  EXPECT_EQ(way_->view().starts, 0U);
  EXPECT_FALSE(way_->view().is_up);
  start_server();
  EXPECT_EQ(ask("echo", "[1]").value, "[1]") << "without a wait";
}

TEST_F(unix_transport_test, a_path_that_is_no_socket_address_is_unavailable) {
  for (const auto& path :
       {folder_ / std::string(200, 'x'), folder_ / "helper.sock/below", std::string()}) {
    begin_at(path);
    const auto got = ask("echo");
    EXPECT_EQ(got.kind, reply_kind::unavailable) << path;
    EXPECT_NE(got.detail, "");
    stop();
  }
  begin_at("/" + std::string(107, 'x'));
  EXPECT_THAT(wait(send("echo")).detail, HasSubstr("has 1 to 107 bytes, this one has 108"));
}

TEST_F(unix_transport_test, a_server_that_does_not_accept_is_there_but_fails) {
  const auto busy = bound_socket(path_, SOCK_STREAM);
  ASSERT_EQ(::listen(busy.get(), 0), 0);
  // Its queue has room for one.
  const terminal::unique_fd first(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  ASSERT_EQ(::connect(first.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  begin_at(path_);
  EXPECT_EQ(ask("echo").kind, reply_kind::transport);
}

TEST_F(unix_transport_test, the_end_of_the_connection_fails_who_waits_and_the_next_reconnects) {
  start_server();
  begin_at(path_);
  const auto first = send("hold");
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  server_->end();
  EXPECT_EQ(wait(first).kind, reply_kind::transport);
  EXPECT_FALSE(way_->view().is_up);
  EXPECT_EQ(ask("echo").kind, reply_kind::unavailable);
  start_server();
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  EXPECT_EQ(way_->view().starts, 2U);

  const auto cause = send("raw", R"(["nonsense\n"])");
  const auto beside = send("hold");
  EXPECT_EQ(wait(cause).kind, reply_kind::protocol);
  EXPECT_EQ(wait(beside).kind, reply_kind::protocol);
  EXPECT_EQ(way_->view().violations, 1U);
  EXPECT_EQ(ask("echo").kind, reply_kind::value) << "the server takes the next connection";
  EXPECT_EQ(ask("flood").kind, reply_kind::protocol);
  EXPECT_EQ(ask("echo").kind, reply_kind::value);

  const auto stuck = send("hold");
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  way_->restart();
  EXPECT_EQ(wait(stuck).kind, reply_kind::transport);
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  EXPECT_EQ(way_->view().starts, 5U);
}

TEST_F(unix_transport_test, a_server_that_does_not_read_costs_a_bounded_queue) {
  start_server();
  begin_at(path_);
  EXPECT_EQ(ask("deaf").kind, reply_kind::value);
  const auto large = "[\"" + std::string(std::size_t{1} << 20U, 'x') + "\"]";
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 6; ++i)
    sent.push_back(send("echo", large));
  EXPECT_EQ(wait(sent.back()).kind, reply_kind::transport);
  EXPECT_FALSE(has_answer(sent[0]));
  EXPECT_LE(way_->view().queued_bytes, stream_link::most_queued);
  server_->end();
  for (const auto id : sent)
    EXPECT_EQ(wait(id).kind, reply_kind::transport);
  EXPECT_EQ(way_->view().queued_bytes, 0U);
}

TEST_F(unix_transport_test, after_stop_nothing_is_answered) {
  start_server();
  begin_at(path_);
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 200; ++i)
    sent.push_back(send("echo"));
  EXPECT_LT(stop(), machine_is_busy);
  EXPECT_LT(stop(), machine_is_busy);
  EXPECT_FALSE(way_->view().is_up);
}

} // namespace
} // namespace roost::channel
