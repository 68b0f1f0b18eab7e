#include "actors/runtime/token_bucket.hpp"

#include <gtest/gtest.h>

namespace roost {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start{1h};

TEST(token_bucket, gives_the_burst_at_once_and_then_the_rate) {
  token_bucket bucket(1000, 100);
  EXPECT_EQ(bucket.ready_at(start), start);
  bucket.take(100);
  const auto at = bucket.ready_at(start);
  EXPECT_GT(at, start);
  EXPECT_EQ(bucket.ready_at(at + 1ms), at + 1ms);
}

TEST(token_bucket, a_debt_delays_the_next) {
  token_bucket bucket(1000, 100);
  bucket.take(600); // 500 more than there were: half a second
  const auto at = bucket.ready_at(start);
  EXPECT_GE(at, start + 500ms);
  EXPECT_LE(at, start + 501ms);
  EXPECT_GT(bucket.ready_at(start + 499ms), start + 499ms);
  EXPECT_EQ(bucket.ready_at(start + 501ms), start + 501ms);
}

TEST(token_bucket, saves_no_more_than_the_burst) {
  token_bucket bucket(1000, 100);
  ASSERT_EQ(bucket.ready_at(start), start);
  ASSERT_EQ(bucket.ready_at(start + 1h), start + 1h);
  bucket.take(200);
  EXPECT_GT(bucket.ready_at(start + 1h + 99ms), start + 1h + 99ms);
  EXPECT_EQ(bucket.ready_at(start + 1h + 101ms), start + 1h + 101ms);
}

TEST(token_bucket, without_a_rate_there_is_no_limit) {
  token_bucket bucket(0, 1);
  bucket.take(1'000'000'000);
  EXPECT_EQ(bucket.ready_at(start), start);
}

} // namespace
} // namespace roost
