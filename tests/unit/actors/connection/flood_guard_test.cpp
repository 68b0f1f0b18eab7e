#include "actors/connection/flood_guard.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using keys = std::vector<std::string>;

class flood_guard_test : public testing::Test {
protected:
  /// How many of so many refusals in a row it takes to be banned; 0: it is not.
  int refuse(std::string_view key, int times) {
    for (int i = 1; i <= times; ++i)
      if (subject.refused(key, time.now()))
        return i;
    return 0;
  }

  test::manual_clock time;
  flood_guard subject{flood_guard::settings{10, 20, 2s, 2, 4}};
};

TEST_F(flood_guard_test, a_burst_is_free_and_then_the_key_is_banned) {
  EXPECT_EQ(refuse("a", 20), 0);
  EXPECT_TRUE(subject.banned().empty());
  EXPECT_FALSE(subject.next_expiry());
  EXPECT_EQ(refuse("a", 1), 1);
  EXPECT_EQ(subject.banned(), keys{"a"});
  EXPECT_EQ(subject.next_expiry(), time.now() + 2s);
  EXPECT_EQ(refuse("b", 20), 0) << "another key has its own bucket";
}

TEST_F(flood_guard_test, a_ban_ends_and_the_bucket_has_what_came_in_meanwhile) {
  EXPECT_EQ(refuse("a", 21), 21);
  EXPECT_EQ(refuse("a", 1000), 0) << "these came in before the ban";
  time.advance(2s - 1ns);
  EXPECT_FALSE(subject.expire(time.now()));
  time.advance(1ns);
  EXPECT_TRUE(subject.expire(time.now()));
  EXPECT_TRUE(subject.banned().empty());
  EXPECT_EQ(refuse("a", 100), 21) << "2 s at 10 a second";
}

TEST_F(flood_guard_test, long_rest_forgives) {
  EXPECT_EQ(refuse("a", 21), 21);
  time.advance(1h);
  EXPECT_TRUE(subject.expire(time.now()));
  EXPECT_EQ(refuse("a", 100), 21);
}

TEST_F(flood_guard_test, no_more_than_so_many_are_banned_and_others_when_there_is_room) {
  EXPECT_EQ(refuse("a", 21), 21);
  time.advance(1s);
  EXPECT_EQ(refuse("b", 21), 21);
  EXPECT_EQ(refuse("c", 1000), 0);
  EXPECT_EQ(subject.banned(), (keys{"a", "b"}));
  time.advance(1s);
  EXPECT_TRUE(subject.expire(time.now()));
  EXPECT_EQ(subject.banned(), keys{"b"});
  EXPECT_EQ(refuse("c", 1000), 11);
  EXPECT_EQ(subject.banned(), (keys{"b", "c"}));
}

TEST_F(flood_guard_test, the_oldest_is_forgotten_but_no_banned_one) {
  EXPECT_EQ(refuse("bad", 21), 21);
  EXPECT_EQ(refuse("old", 20), 0);
  for (const auto* const other : {"b", "c", "d", "e"})
    EXPECT_EQ(refuse(other, 1), 0);
  EXPECT_EQ(subject.size(), 5U) << "four and a banned one";
  EXPECT_EQ(subject.banned(), keys{"bad"});
  EXPECT_EQ(refuse("old", 20), 0) << "starts afresh";
  time.advance(2s);
  EXPECT_TRUE(subject.expire(time.now()));
  EXPECT_EQ(subject.size(), 4U);
}

TEST_F(flood_guard_test, rate_zero_bans_nobody) {
  flood_guard lenient(flood_guard::settings{0, 1, 2s, 2, 4});
  for (int i = 0; i < 10'000; ++i)
    EXPECT_FALSE(lenient.refused("a", time.now()));
}

// Random limits, keys and steps of time. One key has a refusal as often as the rate allows, at its
// own times between all the others.
TEST(flood_guard_property, bounds_hold_bans_end_and_who_keeps_to_the_rate_is_never_banned) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  int began = 0;
  for (int schedule = 0; schedule < 50 && !testing::Test::HasFailure(); ++schedule) {
    const flood_guard::settings limits{1 + below(200), 1 + below(50),
                                       std::chrono::milliseconds(1 + below(500)), below(5),
                                       20 + below(10)};
    flood_guard subject(limits);
    test::manual_clock time;
    const auto interval = std::chrono::nanoseconds(1'000'000'000 / limits.rate + 1);
    auto good_at = time.now();
    std::map<std::string, steady_time> bans; // key → when it ends
    for (int i = 0; i < 20'000 && !testing::Test::HasFailure(); ++i) {
      if (good_at <= time.now()) {
        EXPECT_FALSE(subject.refused("good", time.now()));
        good_at = time.now() + interval;
      }
      // Fewer keys than are remembered: "good" is not forgotten, which would only help it.
      const auto key = "key" + std::to_string(below(15));
      const bool was_banned = bans.contains(key);
      if (subject.refused(key, time.now())) {
        EXPECT_FALSE(was_banned);
        bans[key] = time.now() + limits.ban;
        ++began;
      }
      if (below(4) == 0)
        time.advance(std::chrono::microseconds(below(4'000)));
      const auto ended = std::erase_if(bans, [&](auto& ban) { return ban.second <= time.now(); });
      EXPECT_EQ(subject.expire(time.now()), ended > 0);
      EXPECT_EQ(subject.bans(), bans.size());
      EXPECT_LE(subject.bans(), limits.max_banned);
      EXPECT_LE(subject.size(), limits.max_keys + limits.max_banned);
      for (const auto& banned : subject.banned())
        EXPECT_TRUE(bans.contains(banned));
      EXPECT_EQ(subject.next_expiry().has_value(), !bans.empty());
    }
    time.advance(limits.ban);
    subject.expire(time.now());
    EXPECT_EQ(subject.bans(), 0U);
  }
  EXPECT_GT(began, 100);
}

} // namespace
} // namespace roost::connection
