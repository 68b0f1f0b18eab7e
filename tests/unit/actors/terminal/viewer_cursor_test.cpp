#include "actors/terminal/viewer_cursor.hpp"

#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

TEST(viewer_cursor, credit_shrinks_as_bytes_are_sent_and_grows_with_acks) {
  viewer_cursor c(100, 1000);
  EXPECT_EQ(c.credit(), 100U);
  c.on_sent(60);
  EXPECT_EQ(c.credit(), 40U);
  EXPECT_TRUE(c.on_ack(1030));
  EXPECT_EQ(c.credit(), 70U);
}

TEST(viewer_cursor, a_snapshot_counts_until_it_is_acked) {
  viewer_cursor c(100, 0);
  c.on_snapshot(5000, 40);
  EXPECT_EQ(c.sent(), 5000U);
  EXPECT_EQ(c.credit(), 60U);
  c.on_sent(10);
  EXPECT_EQ(c.credit(), 50U);
  EXPECT_FALSE(c.on_ack(4999)) << "an ack from before the snapshot says nothing of it";
  EXPECT_EQ(c.credit(), 50U);
  EXPECT_TRUE(c.on_ack(5000));
  EXPECT_EQ(c.credit(), 90U);
}

TEST(viewer_cursor, acks_never_open_more_than_the_window) {
  viewer_cursor c(100, 0);
  c.on_sent(50);
  EXPECT_TRUE(c.on_ack(1'000'000));
  EXPECT_EQ(c.acked(), 50U);
  EXPECT_EQ(c.credit(), 100U);
  EXPECT_FALSE(c.on_ack(10));
}

TEST(viewer_cursor, a_snapshot_larger_than_the_window_leaves_no_credit) {
  viewer_cursor c(100, 0);
  c.on_snapshot(7, 500);
  EXPECT_EQ(c.credit(), 0U);
  EXPECT_TRUE(c.on_ack(7));
  EXPECT_EQ(c.credit(), 100U);
}

} // namespace
} // namespace roost::terminal
