#include "actors/channel/breaker/breaker_window.hpp"

#include <gtest/gtest.h>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;

constexpr steady_time begin{1h};

struct breaker_window_fixture : testing::Test {
  breaker_window window{10s, begin};
};

TEST_F(breaker_window_fixture, sums_what_was_added) {
  window.add(false, false, begin);
  window.add(true, false, begin + 1s);
  window.add(false, true, begin + 2s);
  window.add(true, true, begin + 3s);
  EXPECT_EQ(window.sums(begin + 3s), (window_sums{4, 2, 2}));
}

TEST_F(breaker_window_fixture, forgets_a_bucket_at_a_time) {
  for (int second = 0; second < 10; ++second)
    window.add(second % 2 == 0, false, begin + std::chrono::seconds(second) + 500ms);
  EXPECT_EQ(window.sums(begin + 9'999ms).calls, 10U);
  EXPECT_EQ(window.sums(begin + 10s), (window_sums{9, 4, 0}));
  EXPECT_EQ(window.sums(begin + 10'999ms), (window_sums{9, 4, 0}));
  EXPECT_EQ(window.sums(begin + 11s), (window_sums{8, 4, 0}));
  EXPECT_EQ(window.sums(begin + 18s).calls, 1U);
  EXPECT_EQ(window.sums(begin + 19s).calls, 0U);
}

// As many buckets are cleared as have begun, not one for each call (CB-6).
TEST_F(breaker_window_fixture, a_jump_clears_what_it_passes) {
  for (int second = 0; second < 10; ++second)
    window.add(true, false, begin + std::chrono::seconds(second));
  window.add(false, false, begin + 14s);
  EXPECT_EQ(window.sums(begin + 14s), (window_sums{6, 5, 0}));
}

TEST_F(breaker_window_fixture, nothing_is_left_after_a_whole_window_or_many) {
  for (const auto gap : {10s, 11s, 100s, 101s, 3'600'000s}) {
    breaker_window one(10s, begin);
    one.add(true, true, begin);
    EXPECT_EQ(one.sums(begin + gap), window_sums{});
    one.add(false, false, begin + gap);
    EXPECT_EQ(one.sums(begin + gap), (window_sums{1, 0, 0}));
  }
}

TEST_F(breaker_window_fixture, looking_ahead_changes_nothing) {
  window.add(true, false, begin);
  EXPECT_EQ(window.sums(begin + 1h).calls, 0U);
  EXPECT_EQ(window.sums(begin + 1s).calls, 1U);
}

TEST_F(breaker_window_fixture, time_does_not_go_back) {
  window.add(false, false, begin + 5s);
  window.add(true, false, begin + 1s);
  EXPECT_EQ(window.sums(begin + 14s), (window_sums{2, 1, 0})) << "it counts as of second 5";
  EXPECT_EQ(window.sums(begin + 15s).calls, 0U);
}

TEST_F(breaker_window_fixture, is_empty_when_cleared) {
  window.add(true, true, begin + 3s);
  window.clear();
  EXPECT_EQ(window.sums(begin + 3s), window_sums{});
  window.add(false, false, begin + 3'500ms);
  EXPECT_EQ(window.sums(begin + 12'999ms).calls, 1U) << "the bounds have stayed";
  EXPECT_EQ(window.sums(begin + 13s).calls, 0U);
}

TEST_F(breaker_window_fixture, has_some_length_in_any_case) {
  breaker_window none(0ms, begin);
  none.add(true, false, begin);
  EXPECT_EQ(none.sums(begin).failed, 1U);
  EXPECT_EQ(none.sums(begin + 1ms).failed, 0U);
}

} // namespace
} // namespace roost::channel
