#include "actors/connection/pool.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

class pool_test : public ::testing::Test {
protected:
  pool::verdict come(std::string_view key) { return subject.accept(key, time.now()); }
  place_id come_and_settle(std::string_view key) {
    const auto answer = come(key);
    subject.settle(answer.place);
    return answer.place;
  }
  pool::verdict want(std::string_view key, std::string_view user = "token",
                     standing who = standing::ordinary) {
    return subject.reserve(key, user, who, time.now());
  }
  static pool_limits roomy() {
    pool_limits limits;
    limits.max = 1000;
    limits.max_per_key = 1000;
    limits.max_per_user = 1000;
    limits.handshake_rate = 0;
    return limits;
  }

  test::manual_clock time;
  pool subject{pool_limits{}};
};

TEST_F(pool_test, WS_1_the_cap_of_all_and_the_reserve_for_administrators) {
  auto limits = roomy();
  limits.max = 5;
  subject.set_limits(limits);
  for (int i = 0; i < 3; ++i)
    EXPECT_NE(want("a").place, 0U);
  EXPECT_EQ(want("a").why, refusal::capacity);
  EXPECT_NE(want("a", "root", standing::admin).place, 0U);
  EXPECT_NE(want("a", "root", standing::admin).place, 0U);
  EXPECT_EQ(want("a", "root", standing::admin).why, refusal::capacity);
  EXPECT_EQ(subject.usage().websockets, 5U);
}

TEST_F(pool_test, WS_1_the_reserve_leaves_half_to_everybody) {
  auto limits = roomy();
  limits.max = 3;
  limits.admin_reserve = 100;
  subject.set_limits(limits);
  EXPECT_NE(want("a").place, 0U);
  EXPECT_NE(want("a").place, 0U);
  EXPECT_EQ(want("a").why, refusal::capacity);
  EXPECT_NE(want("a", "root", standing::admin).place, 0U);
  EXPECT_EQ(want("a", "root", standing::admin).why, refusal::capacity);
}

TEST_F(pool_test, WS_1_each_key_and_each_user_has_a_share) {
  auto limits = roomy();
  limits.max_per_key = 2;
  limits.max_per_user = 3;
  subject.set_limits(limits);
  EXPECT_NE(want("a", "ann").place, 0U);
  EXPECT_NE(want("a", "ann").place, 0U);
  EXPECT_EQ(want("a", "ann").why, refusal::address);
  EXPECT_EQ(want("a", "bob").why, refusal::address);
  EXPECT_NE(want("b", "ann").place, 0U);
  EXPECT_EQ(want("b", "ann").why, refusal::user);
  EXPECT_EQ(subject.check("b", "bob", standing::ordinary), refusal::none);
  EXPECT_EQ(subject.of_key("a"), 2U);
  EXPECT_EQ(subject.of_user("ann"), 3U);
}

TEST_F(pool_test, WS_2_a_place_is_given_back_once) {
  const auto place = want("a").place;
  EXPECT_TRUE(subject.commit(place));
  EXPECT_TRUE(subject.release(place));
  EXPECT_FALSE(subject.release(place));
  EXPECT_FALSE(subject.commit(place));
  EXPECT_EQ(subject.usage().websockets, 0U);
  EXPECT_EQ(subject.of_user("token"), 0U);
}

TEST_F(pool_test, WS_2_a_reservation_lapses_unless_it_is_used) {
  const auto used = want("a").place;
  const auto late = want("a").place;
  EXPECT_TRUE(subject.commit(used));
  time.advance(9'999ms);
  EXPECT_TRUE(subject.expire(time.now()).empty());
  time.advance(1ms);
  EXPECT_EQ(subject.expire(time.now()), std::vector<place_id>{late});
  EXPECT_FALSE(subject.commit(late));
  EXPECT_FALSE(subject.release(late));
  EXPECT_EQ(subject.usage().websockets, 1U);
  EXPECT_EQ(subject.usage().reserved, 0U);
}

TEST_F(pool_test, a_key_that_opens_and_shows_nothing_is_slowed_down) {
  std::vector<place_id> open;
  for (int i = 0; i < 20; ++i)
    open.push_back(come("a").place);
  for (const auto place : open)
    EXPECT_TRUE(subject.release(place));
  const auto answer = come("a");
  EXPECT_EQ(answer.why, refusal::handshake_rate);
  EXPECT_EQ(answer.retry_after, 100ms);
  EXPECT_NE(come("b").place, 0U);
  time.advance(100ms);
  EXPECT_NE(come("a").place, 0U);
  EXPECT_EQ(come("a").why, refusal::handshake_rate);
}

TEST_F(pool_test, whoever_asks_something_may_open_as_fast_as_it_likes) {
  for (int i = 0; i < 1000; ++i) {
    const auto place = come_and_settle("a");
    ASSERT_NE(place, 0U);
    subject.release(place);
  }
}

TEST_F(pool_test, an_idle_connection_of_the_same_key_gives_way) {
  std::vector<place_id> mine;
  for (int i = 0; i < 20; ++i)
    mine.push_back(come_and_settle("a"));
  EXPECT_EQ(come("a").why, refusal::address_http);
  const auto other = come_and_settle("b");
  subject.rest(other);
  EXPECT_EQ(come("a").why, refusal::address_http);
  subject.rest(mine[7]);
  const auto answer = come("a");
  EXPECT_NE(answer.place, 0U);
  EXPECT_EQ(answer.evicted, std::vector<place_id>{mine[7]});
  EXPECT_FALSE(subject.wake(mine[7]));
  EXPECT_TRUE(subject.wake(other));
}

TEST_F(pool_test, a_flood_of_handshakes_pushes_out_itself_only) {
  auto limits = roomy();
  limits.max_handshakes = 4;
  subject.set_limits(limits);
  const auto modest = come("modest").place;
  std::vector<place_id> flood;
  for (int i = 0; i < 3; ++i)
    flood.push_back(come("flood").place);
  EXPECT_EQ(come("flood").why, refusal::handshakes);
  const auto newcomer = come("other");
  EXPECT_NE(newcomer.place, 0U);
  EXPECT_EQ(newcomer.evicted, std::vector<place_id>{flood.front()});
  EXPECT_EQ(subject.usage().handshakes, 4U);
  // Now the flood has two, and one more of a third key would only move the shortage.
  EXPECT_EQ(come("modest").why, refusal::handshakes);
  subject.settle(modest);
  EXPECT_NE(come("third").place, 0U);
}

TEST_F(pool_test, a_flood_from_many_addresses_is_pushed_out_once_it_had_its_time) {
  auto limits = roomy();
  limits.max_handshakes = 4;
  subject.set_limits(limits);
  const auto first = come("a1").place;
  for (const auto* key : {"a2", "a3", "a4"})
    EXPECT_NE(come(key).place, 0U);
  time.advance(999ms);
  EXPECT_EQ(come("honest").why, refusal::handshakes);
  time.advance(1ms);
  EXPECT_EQ(come("honest").evicted, std::vector<place_id>{first});
}

TEST_F(pool_test, a_client_behind_a_proxy_has_its_share_for_as_long_as_it_asks) {
  auto limits = roomy();
  limits.max_per_key = 2;
  subject.set_limits(limits);
  std::vector<place_id> proxied;
  for (int i = 0; i < 3; ++i)
    proxied.push_back(come_and_settle(""));
  EXPECT_EQ(subject.represent(proxied[0], "c", time.now()).why, refusal::none);
  EXPECT_EQ(subject.represent(proxied[1], "c", time.now()).why, refusal::none);
  EXPECT_EQ(subject.represent(proxied[2], "c", time.now()).why, refusal::address_http);
  EXPECT_EQ(subject.represent(proxied[2], "d", time.now()).why, refusal::none);
  subject.rest(proxied[0]);
  EXPECT_EQ(subject.http_of_key("c"), 1U);
  subject.wake(proxied[0]);
  EXPECT_EQ(subject.represent(proxied[0], "d", time.now()).why, refusal::none);
  EXPECT_EQ(subject.http_of_key("d"), 2U);
  for (const auto place : proxied)
    subject.release(place);
  EXPECT_EQ(subject.http_of_key("c") + subject.http_of_key("d"), 0U);
}

TEST_F(pool_test, a_trusted_proxy_speaks_for_many) {
  std::vector<place_id> open;
  for (int i = 0; i < 60; ++i) {
    const auto place = come_and_settle("");
    ASSERT_NE(place, 0U);
    open.push_back(place);
  }
  const auto told = come("").place;
  EXPECT_EQ(subject.identify(told, "c", time.now()).place, told);
  EXPECT_EQ(subject.http_of_key("c"), 1U);
  EXPECT_TRUE(subject.release(told));
  EXPECT_EQ(subject.http_of_key("c"), 0U);
}

TEST_F(pool_test, nobody_is_put_out_by_a_lower_limit) {
  std::vector<place_id> open;
  for (int i = 0; i < 10; ++i)
    open.push_back(want("a").place);
  pool_limits tight;
  tight.max = 5;
  tight.admin_reserve = 0;
  subject.set_limits(tight);
  EXPECT_EQ(subject.usage().websockets, 10U);
  for (const auto place : open)
    EXPECT_TRUE(subject.commit(place));
  for (int i = 0; i < 5; ++i)
    subject.release(open[static_cast<std::size_t>(i)]);
  EXPECT_EQ(want("a").why, refusal::capacity);
  subject.release(open.back());
  EXPECT_NE(want("a").place, 0U);
}

TEST_F(pool_test, a_draining_server_lets_nobody_in) {
  subject.drain();
  EXPECT_EQ(come("a").why, refusal::draining);
  EXPECT_EQ(want("a").why, refusal::draining);
  EXPECT_EQ(subject.accept_local().why, refusal::draining);
}

TEST_F(pool_test, keys_are_forgotten_and_bounded) {
  for (int i = 0; i < 30'000; ++i) {
    const auto place = come("key " + std::to_string(i)).place;
    ASSERT_NE(place, 0U);
    subject.release(place);
    ASSERT_LE(subject.keys(), 8192U);
  }
  time.advance(1s);
  subject.expire(time.now());
  EXPECT_EQ(subject.keys(), 0U);
}

} // namespace
} // namespace roost::connection
