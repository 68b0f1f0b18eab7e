#include "actors/connection/session_cookie.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

const wall_time noon{std::chrono::seconds(1'800'000'000)};
const login_claim claim{"00ff00ff00ff", noon, noon + session_cookie::lifetime};

session_cookie make(std::uint16_t port = 7680, cookie_channel channel = cookie_channel::plain,
                    std::byte seed = std::byte{1}) {
  session_cookie::key key{};
  key.fill(seed);
  return {key, port, channel};
}

/// What a browser sends back for a Set-Cookie value.
std::string returned(const std::string& set_cookie) {
  return set_cookie.substr(0, set_cookie.find(';'));
}

TEST(session_cookie, a_login_comes_back) {
  const auto cookie = make();
  const auto read = cookie.read(returned(cookie.set_cookie(claim)), noon + 1h);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->token_id, claim.token_id);
  EXPECT_EQ(read->issued_at, claim.issued_at);
  EXPECT_EQ(read->expires_at, claim.expires_at);
}

TEST(session_cookie, attributes_keep_it_from_scripts_and_other_sites) {
  EXPECT_TRUE(
      make().set_cookie(claim).ends_with("; Max-Age=1209600; Path=/; HttpOnly; SameSite=Strict"));
  const auto secure = make(7680, cookie_channel::encrypted);
  EXPECT_TRUE(secure.set_cookie(claim).starts_with("__Host-roost_session_7680="));
  EXPECT_TRUE(secure.set_cookie(claim).ends_with("; HttpOnly; SameSite=Strict; Secure"));
  EXPECT_EQ(make().clear_cookie(),
            "roost_session_7680=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
}

TEST(session_cookie, servers_on_other_ports_do_not_collide) {
  const auto here = make(7680);
  const auto there = make(7681);
  EXPECT_NE(here.name(), there.name());
  const auto both = returned(there.set_cookie(claim)) + "; " + returned(here.set_cookie(claim));
  EXPECT_TRUE(here.read(both, noon));
  EXPECT_TRUE(there.read(both, noon));
  // Renaming one does not make it the other's.
  auto renamed = returned(there.set_cookie(claim));
  renamed.replace(0, there.name().size(), here.name());
  EXPECT_FALSE(here.read(renamed, noon));
}

TEST(session_cookie, every_changed_character_is_noticed) {
  const auto cookie = make();
  const auto good = returned(cookie.set_cookie(claim));
  for (std::size_t i = cookie.name().size() + 1; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(cookie.read(bad, noon)) << i;
  }
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(cookie.read(good.substr(0, cut), noon)) << cut;
  EXPECT_FALSE(cookie.read(good + "A", noon));
  EXPECT_FALSE(make(7680, cookie_channel::plain, std::byte{2}).read(good, noon));
}

TEST(session_cookie, a_login_expires) {
  const auto cookie = make();
  const auto text = returned(cookie.set_cookie(claim));
  EXPECT_TRUE(cookie.read(text, claim.expires_at - 1s));
  EXPECT_FALSE(cookie.read(text, claim.expires_at));
}

TEST(session_cookie, is_found_between_others) {
  const auto cookie = make();
  const auto ours = returned(cookie.set_cookie(claim));
  EXPECT_TRUE(cookie.read("theme=dark; " + ours + "; x=y", noon));
  EXPECT_TRUE(cookie.read("roost_session_7680=forged; " + ours, noon));
  EXPECT_FALSE(cookie.read("x" + ours, noon));
  EXPECT_FALSE(cookie.read("", noon));
  EXPECT_FALSE(cookie.read(";;;=;", noon));
}

} // namespace
} // namespace roost::connection
