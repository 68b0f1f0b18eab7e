#include "actors/database/recording/chunk_sequence.hpp"

#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

namespace roost::recording {
namespace {

using namespace test;

chunk make(std::uint64_t seq, std::uint64_t offset) {
  chunk_writer writer(seq, offset, {80, 24});
  writer.add_output(at(0), "0123456789");
  return writer.seal();
}

TEST(chunk_sequence, knows_what_is_missing_between_chunks) {
  chunk_sequence tested;
  ASSERT_TRUE(tested.open(make(4, 1000)));
  EXPECT_EQ(tested.lost(), 0U); // an earlier part was not asked for, or is gone by retention
  ASSERT_TRUE(tested.open(make(5, 1010)));
  EXPECT_EQ(tested.lost(), 0U);
  ASSERT_TRUE(tested.open(make(7, 1050)));
  EXPECT_EQ(tested.lost(), 30U);
}

TEST(chunk_sequence, refuses_another_order_and_goes_on_behind_damage) {
  chunk_sequence tested;
  ASSERT_TRUE(tested.open(make(1, 0)));
  EXPECT_FALSE(tested.open(make(1, 10)));
  EXPECT_FALSE(tested.open(make(0, 10)));
  const auto refused = tested.open(make(2, 5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "chunk 2 of the recording does not come behind chunk 1");
  auto damaged = make(2, 10);
  damaged.blob.back() ^= 1;
  EXPECT_FALSE(tested.open(damaged));
  ASSERT_TRUE(tested.open(make(3, 20)));
  EXPECT_EQ(tested.lost(), 10U);
}

TEST(chunk_sequence, says_what_is_missing) {
  EXPECT_EQ(describe_gap(1, describe(gap_reason::missing)), "1 byte was not recorded (missing)");
  EXPECT_EQ(describe_gap(12, describe(gap_reason::rate)),
            "12 bytes were not recorded (too fast for the recording)");
  EXPECT_EQ(describe_gap(0, describe(gap_reason::size)),
            "0 bytes were not recorded (the recording is full)");
}

} // namespace
} // namespace roost::recording
