#include "actors/supervision/backoff.hpp"

#include <algorithm>
#include <chrono>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::supervision {
namespace {

using namespace std::chrono_literals;

TEST(backoff, doubles_up_to_its_limit_with_equal_jitter) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  backoff delays({.first = 100ms, .most = 10s});
  auto full = 100ms;
  for (int i = 0; i < 20; ++i) {
    const auto delay = delays.next(0s, random);
    EXPECT_GE(delay, full / 2) << i;
    EXPECT_LE(delay, full) << i;
    full = std::min<std::chrono::milliseconds>(full * 2, 10s);
  }
}

TEST(backoff, starts_over_after_a_long_life) {
  seeded_random random(1);
  backoff delays({.first = 100ms, .most = 1s});
  for (int i = 0; i < 10; ++i)
    (void)delays.next(999ms, random);
  EXPECT_GE(delays.next(999ms, random), 500ms);
  EXPECT_LE(delays.next(1s, random), 100ms);
}

TEST(backoff, jitter_spreads) {
  seeded_random random(2);
  auto least = 10'000ms;
  auto most = 0ms;
  for (int i = 0; i < 1'000; ++i) {
    backoff delays({.first = 1000ms, .most = 10s});
    const auto delay = delays.next(0s, random);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_LT(least, 520ms);
  EXPECT_GT(most, 980ms);
}

TEST(backoff, tolerates_odd_policies) {
  seeded_random random(3);
  EXPECT_EQ(backoff({.first = 0ms, .most = 0ms}).next(0s, random), 0ms);
  EXPECT_LE(backoff({.first = 10s, .most = 1s}).next(0s, random), 1s);
  backoff forever({.first = 1ms, .most = std::chrono::hours(24 * 365)});
  for (int i = 0; i < 1'000; ++i)
    EXPECT_LE(forever.next(0s, random), std::chrono::hours(24 * 365));
}

} // namespace
} // namespace roost::supervision
