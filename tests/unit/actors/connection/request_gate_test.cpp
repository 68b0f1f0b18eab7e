#include "actors/connection/request_gate.hpp"

#include "actors/connection/token_set.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

const wall_time noon{std::chrono::seconds(1'800'000'000)};

class set_lookup final : public token_lookup {
public:
  std::optional<principal> by_text(std::string_view text, wall_time now) override {
    const auto* row = set.check(text, now);
    return row == nullptr ? std::nullopt : std::optional(principal_of(*row));
  }
  std::optional<principal> by_id(std::string_view id, wall_time now) override {
    const auto* row = set.find(id, now);
    return row == nullptr ? std::nullopt : std::optional(principal_of(*row));
  }
  token_set set;
};

class request_gate_test : public testing::Test {
protected:
  request_gate_test() {
    seeded_random random{1};
    token_request wanted;
    wanted.may = role::operate;
    wanted.label = "laptop";
    const auto made = tokens.set.create(wanted, noon, random);
    secret = made->text;
    id = made->row.id;
    const auto cookie = gate.cookie().set_cookie({id, noon, noon + session_cookie::lifetime});
    cookie_header = cookie.substr(0, cookie.find(';'));
  }

  static origin_policy policy() {
    return *origin_policy::make({"127.0.0.1", url_scheme::http, {}, {"https://proxy.example"}});
  }

  static http_request get(std::string path = "/api/v1/sessions") {
    http_request request;
    request.method = "GET";
    request.path = std::move(path);
    request.headers = {{"host", "127.0.0.1:7680"}};
    return request;
  }
  static http_request post(std::string path = "/api/v1/sessions") {
    auto request = get(std::move(path));
    request.method = "POST";
    return request;
  }
  http_request with_cookie(http_request request) const {
    request.headers.emplace_back("cookie", cookie_header);
    return request;
  }
  http_request with_bearer(http_request request) const {
    request.headers.emplace_back("authorization", "Bearer " + secret);
    return request;
  }
  static http_request with(http_request request, std::string name, std::string value) {
    request.headers.emplace_back(std::move(name), std::move(value));
    return request;
  }

  /// The name of the failure, or "ok".
  std::string check(const http_request& request, request_kind kind = request_kind::plain,
                    std::optional<principal> peer = std::nullopt, wall_time now = noon) {
    const auto verdict = gate.admit(request, kind, {"127.0.0.1", std::move(peer)}, tokens, now);
    if (!verdict)
      return std::string(describe(verdict.error()).name);
    last = *verdict;
    return "ok";
  }

  request_gate gate{policy(), session_cookie({}, 7680, cookie_channel::plain),
                    request_gate::limits{std::size_t{4} << 20}};
  set_lookup tokens;
  std::string secret;
  std::string id;
  std::string cookie_header;
  admission last;
};

constexpr auto ours = "http://127.0.0.1:7680";

TEST_F(request_gate_test, strangers_reach_only_what_is_public) {
  for (const auto* path : {"/", "/index.html", "/assets/x.js", "/login", "/logout", "/healthz",
                           "/readyz", "/apix", "/wsx", "/nothing"})
    EXPECT_EQ(check(get(path)), "ok") << path;
  EXPECT_EQ(last.who.may, role::viewer);
  EXPECT_TRUE(last.who.token_id.empty());
  for (const auto* path : {"/api", "/api/v1/sessions", "/api/v2", "/ws", "/ws/", "/metrics"})
    EXPECT_EQ(check(get(path)), "unauthenticated") << path;
}

TEST_F(request_gate_test, a_bearer_token_says_who_asks) {
  EXPECT_EQ(check(with_bearer(get())), "ok");
  EXPECT_EQ(last.who.token_id, id);
  EXPECT_EQ(last.who.label, "laptop");
  EXPECT_EQ(check(with_bearer(post())), "ok");
  EXPECT_EQ(check(with_bearer(get("/ws")), request_kind::upgrade), "ok");
}

TEST_F(request_gate_test, a_wrong_credential_is_refused_even_beside_a_good_one) {
  EXPECT_EQ(check(with(get(), "authorization", "Bearer wrong")), "unauthenticated");
  EXPECT_EQ(check(with(get(), "authorization", "Basic " + secret)), "unauthenticated");
  EXPECT_EQ(check(with(get(), "authorization", secret)), "unauthenticated");
  EXPECT_EQ(check(with(with_bearer(get()), "authorization", "Bearer " + secret)),
            "unauthenticated");
  EXPECT_EQ(check(with(with_cookie(get()), "authorization", "Bearer wrong")), "unauthenticated");
}

TEST_F(request_gate_test, a_cookie_needs_our_own_page_to_change_anything) {
  EXPECT_EQ(check(with_cookie(get())), "ok");
  EXPECT_EQ(check(with_cookie(post())), "origin-refused");
  EXPECT_EQ(check(with(with_cookie(post()), "origin", ours)), "ok");
  EXPECT_EQ(check(with(with_cookie(post()), "origin", "https://proxy.example")), "ok");
  for (const auto* origin : {"null", "http://127.0.0.1:3000", "http://localhost:7680",
                             "https://evil", "https://127.0.0.1:7680"})
    EXPECT_EQ(check(with(with_cookie(post()), "origin", origin)), "origin-refused") << origin;
  for (const auto* method : {"PUT", "PATCH", "DELETE", "BREW"}) {
    auto request = with_cookie(get());
    request.method = method;
    EXPECT_EQ(check(request), "origin-refused") << method;
  }
}

TEST_F(request_gate_test, a_websocket_with_a_cookie_needs_our_own_page) {
  const auto upgrade = [&](http_request request) { return check(request, request_kind::upgrade); };
  EXPECT_EQ(upgrade(with_cookie(get("/ws"))), "origin-refused");
  EXPECT_EQ(upgrade(with(with_cookie(get("/ws")), "origin", ours)), "ok");
  EXPECT_EQ(upgrade(with(with_cookie(get("/ws")), "origin", "null")), "origin-refused");
  EXPECT_EQ(upgrade(with(with_cookie(get("/ws")), "origin", "http://127.0.0.1:3000")),
            "origin-refused");
}

TEST_F(request_gate_test, a_foreign_page_is_refused_whatever_it_shows) {
  const auto foreign = with(with_bearer(post()), "origin", "https://evil.example");
  EXPECT_EQ(check(foreign), "origin-refused");
  EXPECT_EQ(check(with(with_bearer(get("/ws")), "origin", "null"), request_kind::upgrade),
            "origin-refused");
  EXPECT_EQ(check(with(post("/login"), "origin", "https://evil.example")), "origin-refused");
  EXPECT_EQ(check(with(post("/login"), "origin", ours)), "ok");
  EXPECT_EQ(check(post("/login")), "ok");
  auto twice = with(with_cookie(post()), "origin", ours);
  EXPECT_EQ(check(with(twice, "origin", ours)), "origin-refused");
}

TEST_F(request_gate_test, fetch_metadata_gives_a_stranger_away_where_there_is_no_origin) {
  EXPECT_EQ(check(with(with_cookie(get()), "sec-fetch-site", "same-origin")), "ok");
  EXPECT_EQ(check(with(with_cookie(get()), "sec-fetch-site", "none")), "ok");
  EXPECT_EQ(check(with(with_cookie(get()), "sec-fetch-site", "same-site")), "origin-refused");
  EXPECT_EQ(check(with(with_cookie(get()), "sec-fetch-site", "cross-site")), "origin-refused");
  EXPECT_EQ(check(with(post("/login"), "sec-fetch-site", "cross-site")), "origin-refused");
  EXPECT_EQ(check(with(get("/"), "sec-fetch-site", "cross-site")), "ok");
  auto allowed = with(with_cookie(get()), "sec-fetch-site", "cross-site");
  EXPECT_EQ(check(with(allowed, "origin", "https://proxy.example")), "ok");
}

TEST_F(request_gate_test, every_path_needs_a_host_of_ours) {
  auto request = with_bearer(get());
  request.headers[0].second = "evil.example:7680";
  EXPECT_EQ(check(request), "host-refused");
  request.path = "/";
  EXPECT_EQ(check(request), "host-refused");
  request.headers.erase(request.headers.begin());
  EXPECT_EQ(check(request), "bad-request");
  EXPECT_EQ(check(with(get("/"), "host", "127.0.0.1:7680")), "bad-request");
}

TEST_F(request_gate_test, a_token_in_the_url_is_refused) {
  for (const auto* name : {"token", "access_token"}) {
    auto request = with_bearer(get());
    request.query = {{"since", "1"}, {name, secret}};
    EXPECT_EQ(check(request), "bad-request");
    request.path = "/";
    EXPECT_EQ(check(request), "bad-request");
  }
}

TEST_F(request_gate_test, the_unix_sockets_peer_needs_nothing_else) {
  principal peer;
  peer.label = "uid 1000";
  peer.may = role::admin;
  auto request = post();
  request.is_local = true;
  request.headers.clear();
  EXPECT_EQ(check(request, request_kind::plain, peer), "ok");
  EXPECT_EQ(last.who.label, "uid 1000");
  EXPECT_EQ(last.who.may, role::admin);
  // A token that is shown counts: a scoped one keeps its limits, a wrong one is an error.
  EXPECT_EQ(check(with_bearer(request), request_kind::plain, peer), "ok");
  EXPECT_EQ(last.who.may, role::operate);
  EXPECT_EQ(check(with(request, "authorization", "Bearer x"), request_kind::plain, peer),
            "unauthenticated");
}

TEST_F(request_gate_test, revoking_the_token_ends_its_logins) {
  EXPECT_EQ(check(with_cookie(get())), "ok");
  tokens.set.revoke(id);
  EXPECT_EQ(check(with_cookie(get())), "unauthenticated");
  EXPECT_EQ(check(with_bearer(get())), "unauthenticated");
}

TEST_F(request_gate_test, a_login_ends_with_its_time) {
  const auto end = noon + session_cookie::lifetime;
  EXPECT_EQ(check(with_cookie(get()), request_kind::plain, std::nullopt, end - 1s), "ok");
  EXPECT_EQ(check(with_cookie(get()), request_kind::plain, std::nullopt, end), "unauthenticated");
}

TEST_F(request_gate_test, bodies_are_bounded_by_what_they_are_for) {
  check(with_bearer(post("/api/v1/sessions/s1/input")));
  EXPECT_EQ(last.body_limit, std::size_t{4} << 20);
  check(with_bearer(post("/api/v1/sessions")));
  EXPECT_EQ(last.body_limit, std::size_t{1} << 20);
  check(post("/login"));
  EXPECT_EQ(last.body_limit, std::size_t{4} << 10);
}

TEST(bearer, is_read_strictly) {
  EXPECT_EQ(parse_bearer("Bearer abc"), "abc");
  EXPECT_EQ(parse_bearer("bEARER  abc-._~+/= "), "abc-._~+/=");
  for (const auto* text : {"", "Bearer", "Bearer ", "Bearerabc", "Basic abc", "Bearer a b",
                           "Bearer a,b", "Bearer \x7f", "Bearer \"abc\""})
    EXPECT_FALSE(parse_bearer(text)) << text;
}

class upgrade_test : public testing::Test {
protected:
  static http_request handshake() {
    http_request request;
    request.method = "GET";
    request.path = "/ws";
    request.headers = {{"upgrade", "WebSocket"},
                       {"connection", "keep-alive, Upgrade"},
                       {"sec-websocket-version", "13"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"sec-websocket-protocol", "other, roost.v1"}};
    return request;
  }
  static std::string changed(std::string_view name, std::string value) {
    auto request = handshake();
    for (auto& header : request.headers)
      if (header.first == name)
        header.second = value;
    return verdict(request);
  }
  static std::string verdict(const http_request& request, int version = 11) {
    const auto checked = check_upgrade(request, version);
    return checked ? "ok" : std::string(describe(checked.error()).name);
  }
};

TEST_F(upgrade_test, a_complete_handshake_passes) { EXPECT_EQ(verdict(handshake()), "ok"); }

TEST_F(upgrade_test, what_is_missing_is_named) {
  EXPECT_EQ(changed("upgrade", "h2c"), "upgrade-required");
  EXPECT_EQ(changed("connection", "keep-alive"), "upgrade-required");
  EXPECT_EQ(changed("sec-websocket-version", "8"), "upgrade-required");
  EXPECT_EQ(changed("sec-websocket-key", "short=="), "bad-request");
  EXPECT_EQ(changed("sec-websocket-protocol", "roost.v2"), "bad-subprotocol");
  EXPECT_EQ(changed("sec-websocket-protocol", ""), "bad-subprotocol");
  EXPECT_EQ(changed("sec-websocket-protocol", "ROOST.V1"), "bad-subprotocol");
  EXPECT_EQ(verdict(handshake(), 10), "bad-request");
  auto request = handshake();
  request.method = "POST";
  EXPECT_EQ(verdict(request), "bad-request");
}

} // namespace
} // namespace roost::connection
