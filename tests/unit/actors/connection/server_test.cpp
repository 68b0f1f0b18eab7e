#include "tests/unit/actors/connection/server_fixture.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <filesystem>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::http_client;
using test::http_request_text;

class server_test : public test::server_fixture {
protected:
  static std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
      ++count;
    return count;
  }
  test::http_answer log_in(http_client& client, std::string_view token) const {
    return client.exchange(http_request_text("POST", "/login", "Content-Type: application/json\r\n",
                                             fmt::format("{{\"token\":\"{}\"}}", token)));
  }
  static std::string cookie_of(const test::http_answer& answer) {
    const auto set = answer.header("set-cookie");
    return "Cookie: " + set.substr(0, set.find(';')) + "\r\n";
  }
};

TEST_F(server_test, the_ui_needs_no_login_and_the_api_does) {
  start();
  auto client = connect();
  const auto page = client.exchange(http_request_text("GET", "/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.header("content-security-policy").find("frame-ancestors 'none'"),
            std::string::npos);
  const auto refused = client.exchange(http_request_text("GET", "/api/v1/sessions"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("www-authenticate"), "Bearer realm=\"roost\"");
  EXPECT_EQ(client.exchange(http_request_text("GET", "/healthz")).status, 200);
}

TEST_F(server_test, rebound_names_reach_nothing) {
  start();
  auto client = connect();
  const auto answer = client.exchange("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(answer.status, 403);
  EXPECT_NE(answer.body.find("host-refused"), std::string::npos);
}

TEST_F(server_test, a_login_gives_a_cookie_that_works_until_its_token_is_revoked) {
  start();
  auto client = connect();
  const auto answer = log_in(client, secret_);
  ASSERT_EQ(answer.status, 200);
  const auto set = answer.header("set-cookie");
  EXPECT_TRUE(set.starts_with(fmt::format("roost_session_{}=", server_->port())));
  const auto cookie = cookie_of(answer);
  EXPECT_EQ(client.exchange(http_request_text("GET", "/api/v1/x", cookie)).body,
            "GET /api/v1/x tester ");
  EXPECT_EQ(client.exchange(http_request_text("POST", "/api/v1/x", cookie)).status, 403);
  const auto from_our_page = client.exchange(
      http_request_text("POST", "/api/v1/x", cookie + "Origin: http://127.0.0.1:7680\r\n"));
  EXPECT_EQ(from_our_page.status, 200) << from_our_page.body;
  ASSERT_TRUE(tokens_->revoke(token_id_));
  const auto ended = client.exchange(http_request_text("GET", "/api/v1/x", cookie));
  EXPECT_EQ(ended.status, 401) << ended.body;
  const auto out = client.exchange(http_request_text("POST", "/logout", cookie));
  EXPECT_EQ(out.status, 204);
  EXPECT_NE(out.header("set-cookie").find("Max-Age=0"), std::string::npos);
}

TEST_F(server_test, wrong_tokens_are_slowed_down_and_right_ones_are_not) {
  start();
  auto client = connect();
  const auto wrong = http_request_text("GET", "/api/v1/x", "Authorization: Bearer wrong\r\n");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(client.exchange(wrong).status, 401);
  const auto blocked = client.exchange(wrong);
  EXPECT_EQ(blocked.status, 429);
  EXPECT_NE(blocked.header("retry-after"), "");
  EXPECT_EQ(client.exchange(get("/api/v1/x")).status, 200);
}

TEST_F(server_test, the_unix_sockets_peer_is_its_uid) {
  start();
  auto client = connect_unix();
  const auto answer = client.exchange("GET /api/v1/x HTTP/1.1\r\nHost: whatever\r\n\r\n");
  EXPECT_EQ(answer.body, fmt::format("GET /api/v1/x uid {} ", ::geteuid()));
}

TEST_F(server_test, the_login_url_logs_in_and_stays_the_same) {
  start();
  const auto url = server_->login_url();
  ASSERT_TRUE(url);
  const auto start_of_url = fmt::format("http://127.0.0.1:{}/#token=", server_->port());
  ASSERT_TRUE(url->starts_with(start_of_url)) << *url;
  auto client = connect();
  const auto answer = log_in(client, url->substr(start_of_url.size()));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"role":"admin","label":"login","session":null})");
  EXPECT_EQ(*server_->login_url(), *url);
}

TEST_F(server_test, a_token_in_the_url_is_refused_with_a_hint) {
  start();
  auto client = connect();
  const auto answer = client.exchange(http_request_text("GET", "/?token=" + secret_));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("Authorization"), std::string::npos);
}

TEST_F(server_test, at_the_limit_clients_are_refused_with_a_reason) {
  settings.connections.max = 2;
  start();
  auto first = connect();
  auto second = connect();
  ASSERT_TRUE(eventually([&] { return places() == 2; }));
  auto third = connect();
  const auto refused = third.receive();
  EXPECT_EQ(refused.status, 503);
  const auto wait = std::stoi(std::string(refused.header("retry-after")));
  EXPECT_GE(wait, 5);
  EXPECT_LE(wait, 15);
  EXPECT_TRUE(third.is_closed_within());
  // The Unix socket has places of its own: its owner must always get in.
  auto local = connect_unix();
  EXPECT_EQ(local.exchange(get("/api/v1/x")).status, 200);
  first.close();
  ASSERT_TRUE(eventually([&] { return places() == 2; }));
  auto fourth = connect();
  EXPECT_EQ(fourth.exchange(get("/api/v1/x")).status, 200);
}

TEST_F(server_test, an_idle_connection_makes_room) {
  settings.connections.max = 2;
  start();
  auto first = connect();
  auto second = connect();
  ASSERT_EQ(first.exchange(get("/api/v1/x")).status, 200);
  ASSERT_EQ(second.exchange(get("/api/v1/x")).status, 200);
  auto third = connect();
  EXPECT_EQ(third.exchange(get("/api/v1/x")).status, 200);
  EXPECT_NE(first.is_closed_within(100ms), second.is_closed_within(100ms));
  EXPECT_TRUE(eventually([&] { return places() == 2; }));
}

TEST_F(server_test, a_thousand_connections_leak_nothing) {
  settings.connections.max = 64;
  settings.connections.handshake_rate = 0; // half of them never ask anything
  start();
  {
    auto client = connect();
    ASSERT_EQ(client.exchange(get("/api/v1/x")).status, 200);
  }
  ASSERT_TRUE(has_no_connection());
  const auto before = open_descriptors();
  for (int round = 0; round < 50; ++round) {
    std::vector<http_client> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(i % 2 == 0 ? connect() : connect_unix());
      switch (i % 5) {
      case 0:
        break; // says nothing
      case 1:
        clients.back().send("GET /api/v1/x HT");
        break;
      case 2:
        clients.back().send(get("/api/v1/x"));
        break;
      case 3:
        EXPECT_EQ(clients.back().exchange(get("/api/v1/x")).status, 200);
        break;
      default:
        clients.back().send("nonsense\r\n\r\n");
        break;
      }
    }
  }
  EXPECT_TRUE(has_no_connection());
  EXPECT_TRUE(eventually([&] { return open_descriptors() == before; }))
      << open_descriptors() << " descriptors, " << before << " before";
  EXPECT_EQ(places(), 0U);
}

TEST_F(server_test, draining_finishes_what_is_in_hand) {
  std::optional<responder> kept;
  std::mutex mutex;
  api = [&](const http_request&, const responder& answer) {
    const std::lock_guard lock(mutex);
    kept = answer;
  };
  start();
  auto busy = connect();
  auto idle = connect();
  ASSERT_EQ(idle.exchange(http_request_text("GET", "/")).status, 200);
  busy.send(get("/api/v1/x"));
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return kept.has_value();
  }));
  std::atomic<bool> is_done{false};
  server_->drain(20s, [&] { is_done = true; });
  EXPECT_TRUE(idle.is_closed_within());
  EXPECT_FALSE(is_done);
  kept->send({200, {}, "done"});
  const auto answer = busy.receive();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.header("connection"), "close");
  busy.close();
  EXPECT_TRUE(eventually([&] { return is_done.load(); }));
  auto late = connect();
  EXPECT_TRUE(late.is_closed_within());
}

TEST_F(server_test, draining_has_a_limit) {
  std::optional<responder> kept;
  std::mutex mutex;
  api = [&](const http_request&, const responder& answer) {
    const std::lock_guard lock(mutex);
    kept = answer;
  };
  start();
  auto busy = connect();
  busy.send(get("/api/v1/x"));
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return kept.has_value();
  }));
  std::atomic<bool> is_done{false};
  server_->drain(50ms, [&] { is_done = true; });
  EXPECT_TRUE(eventually([&] { return is_done.load(); }));
  EXPECT_TRUE(busy.is_closed_within());
  const std::lock_guard lock(mutex);
  kept.reset();
}

TEST_F(server_test, draining_without_connections_is_done_at_once) {
  start();
  std::atomic<bool> is_done{false};
  server_->drain(20s, [&] { is_done = true; });
  EXPECT_TRUE(eventually([&] { return is_done.load(); }));
}

TEST_F(server_test, what_stops_the_start_is_named) {
  start();
  auto data = data_dir::open(folder_.path() + "/other");
  ASSERT_TRUE(data);
  const auto refuses = [&](const config& wanted) {
    server other({.io = io_.first(),
                  .settings = wanted,
                  .data = **data,
                  .tokens = *tokens_,
                  .api = api,
                  .on_websocket = on_websocket});
    const auto started = other.start();
    return started ? std::string("started") : std::string(describe(started.error()).name);
  };
  auto wanted = settings;
  wanted.listen.port = server_->port();
  EXPECT_EQ(refuses(wanted), "address-in-use");
  wanted = settings;
  wanted.connections.allowed_origins = {"nonsense"};
  EXPECT_EQ(refuses(wanted), "bad-configuration");
  wanted = settings;
  wanted.tls.certificate = "/none.pem";
  EXPECT_EQ(refuses(wanted), "tls-unusable");
}

} // namespace
} // namespace roost::connection
