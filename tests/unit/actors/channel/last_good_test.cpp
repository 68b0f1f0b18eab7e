#include "actors/channel/last_good.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace roost::channel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const steady_time start{std::chrono::hours(1)};

TEST(last_good, finds_the_latest_value_of_a_question_with_its_age) {
  last_good subject{seconds(60)};
  EXPECT_FALSE(subject.find("a", start));
  subject.keep("a", "1", start);
  subject.keep("b", "2", start);
  subject.keep("a", "3", start + seconds(1));
  const auto found = subject.find("a", start + milliseconds(3'500));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->json, "3");
  EXPECT_EQ(found->age, milliseconds(2'500));
  EXPECT_EQ(subject.find("b", start)->json, "2");
  EXPECT_EQ(subject.size(), 2U);
}

TEST(last_good, what_is_too_old_is_gone) {
  last_good subject{seconds(60)};
  subject.keep("a", "1", start);
  EXPECT_TRUE(subject.find("a", start + seconds(60)));
  EXPECT_FALSE(subject.find("a", start + seconds(60) + milliseconds(1)));
  EXPECT_EQ(subject.size(), 0U);
  EXPECT_EQ(subject.bytes(), 0U);
}

TEST(last_good, without_an_age_nothing_is_kept) {
  last_good subject{milliseconds(0)};
  subject.keep("a", "1", start);
  EXPECT_FALSE(subject.find("a", start));
  subject.set_oldest(seconds(1));
  subject.keep("a", "1", start);
  EXPECT_TRUE(subject.find("a", start));
  subject.set_oldest(milliseconds(0));
  EXPECT_EQ(subject.size(), 0U);
  EXPECT_FALSE(subject.find("a", start));
}

TEST(last_good, is_bounded_in_number_and_forgets_what_was_not_asked_for) {
  last_good subject{seconds(60)};
  for (std::size_t i = 0; i < last_good::most_values; ++i)
    subject.keep("q" + std::to_string(i), "1", start);
  EXPECT_TRUE(subject.find("q0", start)); // used
  subject.keep("one more", "1", start);
  EXPECT_EQ(subject.size(), last_good::most_values);
  EXPECT_TRUE(subject.find("q0", start));
  EXPECT_FALSE(subject.find("q1", start));
}

TEST(last_good, is_bounded_in_bytes) {
  last_good subject{seconds(60)};
  subject.keep("huge", std::string(last_good::most_bytes / 4 + 1, 'x'), start);
  EXPECT_EQ(subject.size(), 0U) << "one value may not push out all others";
  for (int i = 0; i < 10; ++i) {
    subject.keep("q" + std::to_string(i), std::string(last_good::most_bytes / 5, 'x'), start);
    EXPECT_LE(subject.bytes(), last_good::most_bytes);
  }
  EXPECT_EQ(subject.size(), 4U);
  EXPECT_TRUE(subject.find("q9", start));
}

TEST(last_good, a_larger_value_replaces_a_smaller_one_and_an_unkeepable_one_ends_it) {
  last_good subject{seconds(60)};
  subject.keep("a", "1", start);
  subject.keep("a", std::string(last_good::most_bytes, 'x'), start);
  EXPECT_FALSE(subject.find("a", start)) << "an older value than the latest is not the last good";
}

} // namespace
} // namespace roost::channel
