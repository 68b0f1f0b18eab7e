#include "actors/channel/breaker/adaptive_timeout.hpp"

#include <gtest/gtest.h>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;

constexpr steady_time begin{1h};

struct adaptive_timeout_fixture : testing::Test {
  static adaptive_timeout::settings between(std::chrono::milliseconds floor,
                                            std::chrono::milliseconds ceiling) {
    return {.is_adaptive = true, .floor = floor, .ceiling = ceiling};
  }
  /// A period of so many calls.
  void pass(std::chrono::milliseconds took, int calls = 100) {
    now += 30s;
    for (int i = 0; i < calls; ++i)
      timeout.record(took, now);
  }

  steady_time now = begin;
  adaptive_timeout timeout{between(50ms, 2s), begin};
};

TEST_F(adaptive_timeout_fixture, is_the_ceiling_unless_it_adapts) {
  adaptive_timeout fixed({.is_adaptive = false, .floor = 50ms, .ceiling = 2s}, begin);
  for (int i = 0; i < 1000; ++i)
    fixed.record(1ms, begin + std::chrono::seconds(i));
  EXPECT_EQ(fixed.value(), 2s);
}

TEST_F(adaptive_timeout_fixture, needs_thirty_seconds_and_a_hundred_calls) {
  for (int i = 0; i < 500; ++i)
    timeout.record(10ms, begin + 29'999ms);
  EXPECT_EQ(timeout.value(), 2s);
  timeout.record(10ms, begin + 30s);
  EXPECT_EQ(timeout.value(), 1600ms);
  for (int i = 0; i < 99; ++i)
    timeout.record(10ms, begin + 10min);
  EXPECT_EQ(timeout.value(), 1600ms);
  timeout.record(10ms, begin + 10min);
  EXPECT_EQ(timeout.value(), 1280ms);
  for (int i = 0; i < 99; ++i)
    timeout.record(10ms, begin + 10min + 29s);
  EXPECT_EQ(timeout.value(), 1280ms);
}

TEST_F(adaptive_timeout_fixture, comes_to_three_times_the_99th_percentile_step_by_step) {
  pass(100ms);
  EXPECT_EQ(timeout.value(), 1600ms);
  for (int i = 0; i < 8; ++i)
    pass(100ms);
  EXPECT_EQ(timeout.value(), 300ms);
  pass(120ms);
  EXPECT_EQ(timeout.value(), 360ms);
  pass(1s);
  EXPECT_EQ(timeout.value(), 540ms) << "at most half as much again";
  pass(1s);
  EXPECT_EQ(timeout.value(), 810ms);
}

TEST_F(adaptive_timeout_fixture, one_call_of_a_hundred_is_no_reason) {
  for (int i = 0; i < 9; ++i)
    pass(100ms);
  ASSERT_EQ(timeout.value(), 300ms);
  now += 1s;
  timeout.record(10s, now);
  pass(100ms, 99);
  EXPECT_EQ(timeout.value(), 300ms);
  now += 1s;
  timeout.record(10s, now);
  timeout.record(10s, now);
  pass(100ms, 98);
  EXPECT_EQ(timeout.value(), 450ms) << "two are";
}

TEST_F(adaptive_timeout_fixture, stays_between_its_bounds) {
  for (int i = 0; i < 30; ++i)
    pass(1ms);
  EXPECT_EQ(timeout.value(), 50ms);
  for (int i = 0; i < 30; ++i)
    pass(10s);
  EXPECT_EQ(timeout.value(), 2s);
}

TEST_F(adaptive_timeout_fixture, the_newest_thousand_calls_count) {
  for (int i = 0; i < 5000; ++i)
    timeout.record(10s, begin + 1s);
  for (int i = 0; i < 999; ++i)
    timeout.record(1ms, begin + 2s);
  timeout.record(1ms, begin + 30s);
  EXPECT_EQ(timeout.value(), 1600ms);
}

TEST_F(adaptive_timeout_fixture, new_bounds_hold_at_once_and_what_was_learnt_stays) {
  for (int i = 0; i < 9; ++i)
    pass(100ms);
  timeout.configure(between(50ms, 1s), now);
  EXPECT_EQ(timeout.value(), 300ms);
  timeout.configure(between(50ms, 200ms), now);
  EXPECT_EQ(timeout.value(), 200ms);
  timeout.configure(between(500ms, 1s), now);
  EXPECT_EQ(timeout.value(), 500ms);
  timeout.configure({.is_adaptive = false, .floor = 50ms, .ceiling = 1s}, now);
  EXPECT_EQ(timeout.value(), 1s);
  timeout.configure(between(50ms, 1s), now);
  EXPECT_EQ(timeout.value(), 1s) << "it begins anew";
}

TEST_F(adaptive_timeout_fixture, strange_bounds_are_put_in_order) {
  EXPECT_EQ(adaptive_timeout(between(0ms, 0ms), begin).value(), 1ms);
  EXPECT_EQ(adaptive_timeout(between(500ms, 100ms), begin).value(), 100ms);
}

} // namespace
} // namespace roost::channel
