#include "tests/unit/actors/connection/server_fixture.hpp"

#include "actors/connection/session_cookie.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

namespace roost::connection {
namespace {

using test::eventually;
using test::http_request_text;

constexpr auto handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr auto protocol = "Sec-WebSocket-Protocol: roost.v1\r\n";

class ws_upgrade_test : public test::server_fixture {
protected:
  ws_upgrade_test() {
    on_websocket = [this](ws_handoff handoff) {
      const std::lock_guard lock(mutex);
      taken.emplace(std::move(handoff));
    };
  }
  ~ws_upgrade_test() override {
    stop();
    taken.reset();
  }

  int status(std::string_view headers) {
    auto client = connect();
    return client.exchange(http_request_text("GET", "/ws", headers)).status;
  }
  bool is_taken() {
    return eventually([&] {
      const std::lock_guard lock(mutex);
      return taken.has_value();
    });
  }
  [[nodiscard]] std::string own_origin() const {
    return fmt::format("Origin: http://127.0.0.1:7680\r\n");
  }

  std::mutex mutex;
  std::optional<ws_handoff> taken;
};

// Whoever is refused reaches nobody who would make something for it: no actor, no session.
TEST_F(ws_upgrade_test, WS_3_a_refused_upgrade_is_handed_to_nobody_and_holds_nothing) {
  settings.connections.max_per_ip = 1;
  start();
  const auto full = std::string(handshake) + protocol + bearer();
  auto first = connect();
  first.send(http_request_text("GET", "/ws", full));
  ASSERT_TRUE(is_taken());
  const auto kept = std::move(*taken);
  taken.reset();
  for (int i = 0; i < 10; ++i) {
    auto client = connect();
    const auto answer = client.exchange(http_request_text("GET", "/ws", full));
    EXPECT_EQ(answer.status, 429);
    EXPECT_FALSE(answer.header("retry-after").empty());
    EXPECT_TRUE(client.is_closed_within());
  }
  EXPECT_FALSE(taken);
  EXPECT_TRUE(has_no_connection());
  EXPECT_TRUE(eventually([&] { return places() == 1U; })) << "only the first has a place";
}

TEST_F(ws_upgrade_test, a_page_may_ask_why_its_upgrade_was_refused) {
  settings.connections.max_per_user = 1;
  start();
  EXPECT_EQ(status(bearer()), 426) << "there is room";
  auto first = connect();
  first.send(http_request_text("GET", "/ws", std::string(handshake) + protocol + bearer()));
  ASSERT_TRUE(is_taken());
  auto client = connect();
  const auto answer = client.exchange(http_request_text("GET", "/ws", bearer()));
  EXPECT_EQ(answer.status, 429);
  EXPECT_NE(answer.body.find("rate-limited"), std::string::npos);
  EXPECT_FALSE(answer.header("retry-after").empty());
  taken.reset();
  EXPECT_TRUE(eventually([&] { return status(bearer()) == 426; }));
}

TEST_F(ws_upgrade_test, WS_11_refusals_come_before_the_upgrade) {
  start();
  const std::string full = std::string(handshake) + protocol;
  EXPECT_EQ(status(full), 401);
  EXPECT_EQ(status(full + "Authorization: Bearer wrong\r\n"), 401);
  EXPECT_EQ(status(full + bearer() + "Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(status(handshake + bearer()), 400);
  EXPECT_EQ(status(bearer()), 426);
  EXPECT_EQ(status(full + bearer() + "Content-Length: 3\r\n"), 400);
  EXPECT_FALSE(taken);
}

TEST_F(ws_upgrade_test, a_missing_upgrade_says_what_is_needed) {
  start();
  auto client = connect();
  const auto answer = client.exchange(http_request_text("GET", "/ws", bearer()));
  EXPECT_EQ(answer.status, 426);
  EXPECT_EQ(answer.header("upgrade"), "websocket");
  EXPECT_EQ(answer.header("sec-websocket-version"), "13");
}

TEST_F(ws_upgrade_test, an_admitted_upgrade_is_handed_over_with_its_socket) {
  start();
  auto client = connect();
  client.send(http_request_text("GET", "/ws", std::string(handshake) + protocol + bearer()) +
              "early");
  ASSERT_TRUE(is_taken());
  EXPECT_EQ(taken->who.label, "tester");
  EXPECT_EQ(taken->address, "127.0.0.1");
  EXPECT_EQ(taken->correlation.size(), 32U);
  EXPECT_FALSE(taken->is_local);
  EXPECT_EQ(taken->request["Sec-WebSocket-Key"], "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(taken->request.target(), "/ws");
  const auto rest = taken->leftover.data();
  EXPECT_EQ(std::string(static_cast<const char*>(rest.data()), rest.size()), "early");

  // The HTTP side has let go; the place stays taken until the WebSocket lets go as well.
  EXPECT_TRUE(has_no_connection());
  EXPECT_EQ(places(), 1U);
  boost::asio::write(std::get<plain_socket>(taken->socket), boost::asio::buffer("101", 3));
  EXPECT_TRUE(client.receive_until("101"));
  taken.reset();
  EXPECT_TRUE(client.is_closed_within());
  EXPECT_EQ(places(), 0U);
}

TEST_F(ws_upgrade_test, WS_11_a_cookie_needs_its_own_page) {
  start();
  auto client = connect();
  const auto answer = client.exchange(http_request_text(
      "POST", "/login", "Content-Type: application/json\r\n", "{\"token\":\"" + secret_ + "\"}"));
  const auto set = answer.header("set-cookie");
  const auto cookie = "Cookie: " + set.substr(0, set.find(';')) + "\r\n";
  const std::string full = std::string(handshake) + protocol + cookie;
  EXPECT_EQ(status(full), 403);
  EXPECT_EQ(status(full + "Origin: http://127.0.0.1:3000\r\n"), 403);
  EXPECT_EQ(status(full + "Origin: null\r\n"), 403);
  client.send(http_request_text("GET", "/ws", full + own_origin()));
  EXPECT_TRUE(is_taken());
}

// While a request is answered, a read stays pending; it must be out of the way before the socket
// changes hands.
TEST_F(ws_upgrade_test, an_upgrade_behind_another_request_is_handed_over_too) {
  start();
  for (int i = 0; i < 50; ++i) {
    auto client = connect();
    client.send(get("/api/v1/x"));
    ASSERT_EQ(client.receive().status, 200);
    client.send(get("/api/v1/y") +
                http_request_text("GET", "/ws", std::string(handshake) + protocol + bearer()));
    ASSERT_EQ(client.receive().status, 200);
    ASSERT_TRUE(is_taken()) << i;
    client.send("more");
    std::string got(4, '\0');
    std::size_t have = 0;
    const auto early = taken->leftover.data();
    have += boost::asio::buffer_copy(boost::asio::buffer(got), early);
    auto& socket = std::get<plain_socket>(taken->socket);
    socket.non_blocking(false);
    while (have < got.size())
      have += socket.read_some(boost::asio::buffer(got.data() + have, got.size() - have));
    EXPECT_EQ(got, "more");
    const std::lock_guard lock(mutex);
    taken.reset();
  }
}

TEST_F(ws_upgrade_test, the_unix_socket_upgrades_too) {
  start();
  auto client = connect_unix();
  client.send("GET /ws HTTP/1.1\r\nHost: localhost\r\n" + std::string(handshake) + protocol +
              "\r\n");
  ASSERT_TRUE(is_taken());
  EXPECT_TRUE(taken->is_local);
  EXPECT_EQ(taken->address, "unix");
  EXPECT_EQ(taken->who.may, role::admin);
}

} // namespace
} // namespace roost::connection
