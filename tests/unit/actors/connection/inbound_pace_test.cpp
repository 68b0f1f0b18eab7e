#include "actors/connection/inbound_pace.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

TEST(inbound_pace, a_paste_passes_and_then_the_rate_holds) {
  test::manual_clock time;
  inbound_pace subject(1000, 8000);
  EXPECT_EQ(subject.read(7000, time.now()), 0ns);
  EXPECT_EQ(subject.read(900, time.now()), 0ns);
  const auto wait = subject.read(2100, time.now());
  EXPECT_GE(wait, 2s);
  EXPECT_LE(wait, 2100ms);
  time.advance(wait);
  EXPECT_GT(subject.read(1000, time.now()), 900ms);
}

TEST(inbound_pace, small_messages_cost_more_than_their_bytes) {
  test::manual_clock time;
  inbound_pace subject(1000, 8000);
  int messages = 0;
  while (subject.read(7, time.now()) == 0ns) {
    subject.message(inbound_pace::ack_cost);
    ++messages;
  }
  EXPECT_NEAR(messages, 8000.0 / (7 + 64), 2);
  EXPECT_LT(inbound_pace::ack_cost, inbound_pace::input_cost);
}

TEST(inbound_pace, wishes_have_a_rate_of_their_own_and_a_flood_of_them_ends) {
  test::manual_clock time;
  inbound_pace subject(0, 1);
  for (std::uint64_t i = 0; i < inbound_pace::wish_burst; ++i) {
    ASSERT_EQ(subject.read(40, time.now()), 0ns) << i;
    ASSERT_TRUE(subject.wish(time.now()));
  }
  const auto wait = subject.read(40, time.now());
  EXPECT_GT(wait, 0ns);
  EXPECT_LE(wait, 20ms);
  const auto flood = [&](std::chrono::milliseconds span) {
    for (const auto end = time.now() + span; time.now() < end;
         time.advance(subject.read(40, time.now())))
      if (!subject.wish(time.now()))
        return false;
    return true;
  };
  EXPECT_TRUE(flood(4900ms));
  time.advance(1s); // a pause forgives
  EXPECT_TRUE(subject.wish(time.now()));
  EXPECT_TRUE(flood(4900ms));
  EXPECT_FALSE(flood(2000ms));
}

TEST(inbound_pace, control_frames_have_a_bound_of_their_own) {
  test::manual_clock time;
  inbound_pace subject(0, 1);
  for (std::uint64_t i = 0; i < inbound_pace::control_burst; ++i)
    ASSERT_TRUE(subject.control_frame(time.now())) << i;
  EXPECT_FALSE(subject.control_frame(time.now()));
  time.advance(1s);
  for (std::uint64_t i = 0; i < inbound_pace::control_frames_per_s; ++i)
    ASSERT_TRUE(subject.control_frame(time.now())) << i;
  EXPECT_FALSE(subject.control_frame(time.now()));
  EXPECT_EQ(subject.read(1 << 30, time.now()), 0ns) << "a rate of 0 is no limit";
}

} // namespace
} // namespace roost::connection
