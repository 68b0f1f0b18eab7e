#include "actors/channel/breaker/adaptive_limit.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;

adaptive_limit::settings between(std::uint32_t min, std::uint32_t max) {
  return {.is_adaptive = true, .min = min, .max = max};
}

void feed(adaptive_limit& limit, int times, std::chrono::nanoseconds took) {
  for (int i = 0; i < times; ++i)
    limit.on_success(took, limit.value());
}

TEST(adaptive_limit, is_the_maximum_unless_it_adapts) {
  adaptive_limit limit({.is_adaptive = false, .min = 2, .max = 32});
  feed(limit, 20, 10ms);
  feed(limit, 20, 10s);
  limit.on_overload();
  EXPECT_EQ(limit.value(), 32U);
}

TEST(adaptive_limit, stays_up_while_calls_take_what_they_always_took) {
  adaptive_limit limit(between(2, 32));
  EXPECT_EQ(limit.value(), 32U);
  feed(limit, 1000, 10ms);
  EXPECT_EQ(limit.value(), 32U);
  feed(limit, 1000, 14ms); // within the tolerance of 1.5
  EXPECT_EQ(limit.value(), 32U);
}

TEST(adaptive_limit, falls_when_calls_begin_to_queue_and_comes_back) {
  adaptive_limit limit(between(2, 100));
  feed(limit, 100, 10ms);
  feed(limit, 1, 100ms);
  EXPECT_EQ(limit.value(), 90U); // 100 * 0.8 + (100 * 0.5 + 4) * 0.2 = 90.8
  feed(limit, 30, 100ms);
  EXPECT_LT(limit.value(), 30U);
  EXPECT_GE(limit.value(), 2U);
  feed(limit, 500, 10ms);
  EXPECT_EQ(limit.value(), 100U);
}

// With gradient 0.5 and a queue of 4 the rule settles at 8, whatever the bound below is.
TEST(adaptive_limit, does_not_fall_for_ever_by_latency_alone) {
  adaptive_limit limit(between(1, 100));
  feed(limit, 100, 1ms);
  for (int i = 0; i < 60; ++i)
    limit.on_success(std::chrono::seconds(1 << std::min(i / 4, 20)), limit.value());
  EXPECT_EQ(limit.value(), 8U);
}

TEST(adaptive_limit, falls_by_a_tenth_at_an_overload_to_the_minimum) {
  adaptive_limit limit(between(3, 100));
  limit.on_overload();
  EXPECT_EQ(limit.value(), 90U);
  limit.on_overload();
  EXPECT_EQ(limit.value(), 81U);
  for (int i = 0; i < 100; ++i)
    limit.on_overload();
  EXPECT_EQ(limit.value(), 3U);
}

TEST(adaptive_limit, does_not_change_while_less_than_half_is_used) {
  adaptive_limit limit(between(2, 100));
  for (int i = 0; i < 7; ++i)
    limit.on_overload();
  const auto low = limit.value();
  ASSERT_LT(low, 50U);
  for (int i = 0; i < 100; ++i)
    limit.on_success(10ms, low / 2 - 1);
  EXPECT_EQ(limit.value(), low) << "nobody has tried whether more would do";
  for (int i = 0; i < 100; ++i)
    limit.on_success(1s, 1);
  EXPECT_EQ(limit.value(), low) << "a single call does not queue behind others";
  for (int i = 0; i < 100; ++i)
    limit.on_success(10ms, low);
  EXPECT_GT(limit.value(), low);
}

TEST(adaptive_limit, one_that_has_never_waited_is_still_a_number) {
  adaptive_limit limit(between(2, 10));
  feed(limit, 100, 0ns);
  EXPECT_EQ(limit.value(), 10U);
  feed(limit, 10, std::chrono::nanoseconds(std::numeric_limits<std::int64_t>::max()));
  EXPECT_GE(limit.value(), 2U);
  EXPECT_LE(limit.value(), 10U);
}

TEST(adaptive_limit, new_bounds_hold_at_once_and_what_was_learnt_stays) {
  adaptive_limit limit(between(2, 100));
  for (int i = 0; i < 5; ++i)
    limit.on_overload();
  const auto learnt = limit.value(); // 59
  limit.configure(between(2, 80));
  EXPECT_EQ(limit.value(), learnt);
  limit.configure(between(2, 20));
  EXPECT_EQ(limit.value(), 20U);
  limit.configure(between(50, 90));
  EXPECT_EQ(limit.value(), 50U);
  limit.configure({.is_adaptive = false, .min = 2, .max = 90});
  EXPECT_EQ(limit.value(), 90U);
  limit.configure(between(2, 90));
  EXPECT_EQ(limit.value(), 90U) << "it begins anew";
}

TEST(adaptive_limit, strange_bounds_are_put_in_order) {
  EXPECT_EQ(adaptive_limit(between(0, 0)).value(), 1U);
  adaptive_limit limit(between(9, 4));
  EXPECT_EQ(limit.value(), 4U);
  limit.on_overload();
  EXPECT_EQ(limit.value(), 4U);
}

} // namespace
} // namespace roost::channel
