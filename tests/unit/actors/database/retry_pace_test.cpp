#include "actors/database/retry_pace.hpp"

#include "actors/runtime/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

retry_pace::settings quick() { return {100ms, 10s, 60s, 60s}; }

TEST(retry_pace, waits_are_spread_over_a_growing_range_with_a_limit) {
  seeded_random random(7);
  std::chrono::milliseconds most{0};
  for (int i = 0; i < 200; ++i) {
    retry_pace pace(quick());
    auto limit = 100ms;
    for (int n = 0; n < 12; ++n) {
      const auto wait = pace.after_failure(trouble::transient, random);
      EXPECT_GE(wait, 0ms);
      EXPECT_LE(wait, limit);
      most = std::max(most, wait);
      limit = std::min<std::chrono::milliseconds>(limit * 2, 10s);
    }
  }
  EXPECT_GT(most, 9s) << "the whole range is used";
}

TEST(retry_pace, what_needs_an_operator_is_tried_slowly) {
  seeded_random random(7);
  retry_pace pace(quick());
  EXPECT_EQ(pace.after_failure(trouble::operator_needed, random), 60s);
  EXPECT_EQ(pace.after_failure(trouble::permanent, random), 60s);
}

TEST(retry_pace, only_a_long_time_in_health_makes_it_forget) {
  seeded_random random(7);
  retry_pace pace(quick());
  const steady_time start{};
  for (int i = 0; i < 5; ++i)
    (void)pace.after_failure(trouble::transient, random);
  pace.on_success(start);
  pace.on_loss(start + 59s);
  EXPECT_EQ(pace.attempts(), 5U);
  pace.on_success(start + 60s);
  pace.on_loss(start + 120s);
  EXPECT_EQ(pace.attempts(), 0U);
}

TEST(retry_pace, never_overflows) {
  seeded_random random(7);
  retry_pace pace(quick());
  for (int i = 0; i < 10'000; ++i)
    ASSERT_LE(pace.after_failure(trouble::transient, random), 10s);
}

} // namespace
} // namespace roost::database
