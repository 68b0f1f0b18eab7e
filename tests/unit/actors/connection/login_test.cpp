#include "actors/connection/login.hpp"

#include "actors/connection/token_set.hpp"
#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

class one_token final : public token_lookup {
public:
  std::optional<principal> by_text(std::string_view text, wall_time) override {
    if (text != "good")
      return std::nullopt;
    principal who;
    who.token_id = "0011";
    who.label = "laptop";
    who.may = role::operate;
    return who;
  }
  std::optional<principal> by_id(std::string_view, wall_time) override { return std::nullopt; }
};

class login_test : public testing::Test {
protected:
  static http_request post(std::string body) {
    http_request request;
    request.method = "POST";
    request.path = "/login";
    request.address = "192.0.2.1";
    request.headers = {{"content-type", "application/json; charset=utf-8"}};
    request.body = std::move(body);
    return request;
  }
  static std::string header(const http_response& answer, std::string_view name) {
    const auto at = std::find_if(answer.headers.begin(), answer.headers.end(),
                                 [&](const auto& item) { return item.first == name; });
    return at == answer.headers.end() ? std::string{} : at->second;
  }

  one_token tokens;
  test::manual_clock clock;
  const session_cookie cookie{{}, 7680, cookie_channel::plain};
  login subject{cookie, tokens, clock};
};

TEST_F(login_test, a_good_token_gives_a_cookie) {
  const auto answer = subject.log_in(post(R"({"token": " good\n"})"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, R"({"role":"operator","label":"laptop","session":null})");
  const auto value = header(answer, "Set-Cookie");
  const auto claim = cookie.read(value.substr(0, value.find(';')), clock.now_wall());
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->token_id, "0011");
}

TEST_F(login_test, a_wrong_token_does_not) {
  const auto answer = subject.log_in(post(R"({"token": "bad"})"));
  EXPECT_EQ(answer.status, 401U);
  EXPECT_EQ(header(answer, "Set-Cookie"), "");
  EXPECT_EQ(header(answer, "WWW-Authenticate"), "Bearer realm=\"roost\"");
  EXPECT_EQ(answer.body.find("bad\""), std::string::npos);
}

TEST_F(login_test, what_is_wrong_with_a_body_is_named) {
  const auto status = [&](std::string body) {
    return subject.log_in(post(std::move(body))).status;
  };
  EXPECT_EQ(status(""), 400U);
  EXPECT_EQ(status("[]"), 400U);
  EXPECT_EQ(status("{}"), 400U);
  EXPECT_EQ(status(R"({"token": 5})"), 400U);
  EXPECT_EQ(status(R"({"token": "good", "x": 1})"), 400U);
  EXPECT_EQ(status(std::string(3000, '[')), 400U);
  auto form = post("token=good");
  form.headers = {{"content-type", "application/x-www-form-urlencoded"}};
  EXPECT_EQ(subject.log_in(form).status, 415U);
  auto get = post("");
  get.method = "GET";
  EXPECT_EQ(subject.log_in(get).status, 405U);
}

TEST_F(login_test, many_wrong_tokens_slow_the_client_down) {
  for (int i = 0; i < login_throttle::free_tries; ++i)
    EXPECT_EQ(subject.log_in(post(R"({"token": "bad"})")).status, 401U);
  const auto blocked = subject.log_in(post(R"({"token": "bad"})"));
  EXPECT_EQ(blocked.status, 429U);
  EXPECT_EQ(header(blocked, "Retry-After"), "1");
  EXPECT_EQ(subject.log_in(post(R"({"token": "good"})")).status, 429U);
  auto neighbour = post(R"({"token": "good"})");
  neighbour.address = "192.0.2.2";
  EXPECT_EQ(subject.log_in(neighbour).status, 200U);
  clock.advance(1s);
  EXPECT_EQ(subject.log_in(post(R"({"token": "good"})")).status, 200U);
  EXPECT_EQ(subject.log_in(post(R"({"token": "bad"})")).status, 401U);
}

TEST_F(login_test, a_visit_without_a_credential_is_no_attempt) {
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(subject.refuse(failure(request_error::unauthenticated), post(""), false).status,
              401U);
  EXPECT_EQ(subject.log_in(post(R"({"token": "good"})")).status, 200U);
}

TEST_F(login_test, logging_out_clears_the_cookie) {
  auto request = post("");
  request.path = "/logout";
  const auto answer = subject.log_out(request);
  EXPECT_EQ(answer.status, 204U);
  EXPECT_NE(header(answer, "Set-Cookie").find("Max-Age=0"), std::string::npos);
}

TEST_F(login_test, attempts_are_written_down_without_their_tokens) {
  std::vector<database::audit_record> seen;
  const auto trail = std::make_shared<audit_trail>(
      clock, [&](database::audit_record what) { seen.push_back(std::move(what)); });
  login told{cookie, tokens, clock, trail};
  static_cast<void>(told.log_in(post(R"({"token": "good"})")));
  static_cast<void>(told.log_in(post(R"({"token": "wrong"})")));
  http_request bearer;
  bearer.address = "192.0.2.9";
  static_cast<void>(told.refuse(request_error::unauthenticated, bearer, true));
  static_cast<void>(told.refuse(request_error::unauthenticated, bearer, false)); // a mere visit
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].who, "laptop");
  EXPECT_EQ(seen[0].action, "login");
  EXPECT_EQ(seen[0].outcome, "done");
  EXPECT_EQ(seen[0].detail, R"({"address":"192.0.2.1","token":"0011"})");
  EXPECT_EQ(seen[1].who, "");
  EXPECT_EQ(seen[1].outcome, "refused");
  EXPECT_EQ(seen[1].detail, R"({"address":"192.0.2.1","problem":"unauthenticated"})");
  EXPECT_EQ(seen[2].detail, R"({"address":"192.0.2.9","problem":"unauthenticated"})");
}

} // namespace
} // namespace roost::connection
