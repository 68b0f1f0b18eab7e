#include "actors/terminal/user_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t mib = 1 << 20;
constexpr user_limits hundred{.processes = 10, .memory = 100 * mib};

using loads = std::vector<session_load>;

std::vector<std::string> ids(const std::vector<surplus_session>& list) {
  std::vector<std::string> out;
  for (const auto& each : list)
    out.push_back(each.id);
  return out;
}

TEST(user_watch, without_limits_nobody_is_refused) {
  EXPECT_FALSE(refuse_session({}, "ann", loads{{"a", "ann", 100'000, 1ULL << 50}}));
}

TEST(user_watch, one_more_session_is_one_more_process) {
  EXPECT_FALSE(refuse_session(hundred, "ann", loads{{"a", "ann", 5, 0}, {"b", "ann", 4, 0}}));
  const auto why = refuse_session(hundred, "ann", loads{{"a", "ann", 5, 0}, {"b", "ann", 5, 0}});
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr("10 processes"));
  EXPECT_FALSE(refuse_session(hundred, "bob", loads{{"a", "ann", 5, 0}, {"b", "ann", 5, 0}}));
}

TEST(user_watch, memory_of_all_sessions_counts) {
  const loads both{{"a", "ann", 1, 60 * mib}, {"b", "ann", 1, 41 * mib}, {"c", "bob", 1, mib}};
  const auto why = refuse_session(hundred, "ann", both);
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr("101 MiB"));
  EXPECT_THAT(*why, HasSubstr("100 MiB"));
  EXPECT_FALSE(refuse_session(hundred, "bob", both));
  EXPECT_FALSE(refuse_session(hundred, "ann", loads{{"a", "ann", 1, 100 * mib}}));
}

TEST(user_watch, two_samples_above_end_the_largest) {
  user_watch watch(hundred);
  const loads above{
      {"a", "ann", 1, 30 * mib}, {"b", "ann", 1, 80 * mib}, {"c", "bob", 1, 99 * mib}};
  EXPECT_THAT(watch.on_sample(above), IsEmpty());
  EXPECT_THAT(watch.on_sample(above),
              ElementsAre(surplus_session{"b", "ann", 80 * mib, 110 * mib}));
}

TEST(user_watch, two_samples_that_do_not_follow_each_other_end_nothing) {
  user_watch watch(hundred);
  const loads above{{"a", "ann", 1, 101 * mib}};
  const loads within{{"a", "ann", 1, 100 * mib}};
  for (int turn = 0; turn < 5; ++turn) {
    EXPECT_THAT(watch.on_sample(above), IsEmpty());
    EXPECT_THAT(watch.on_sample(within), IsEmpty());
  }
}

TEST(user_watch, processes_end_nothing) {
  user_watch watch(hundred);
  for (int turn = 0; turn < 5; ++turn)
    EXPECT_THAT(watch.on_sample(loads{{"a", "ann", 1000, 0}}), IsEmpty());
}

TEST(user_watch, the_next_one_is_chosen_when_the_first_is_gone) {
  user_watch watch(hundred);
  const loads three{
      {"a", "ann", 1, 90 * mib}, {"b", "ann", 1, 80 * mib}, {"c", "ann", 1, 70 * mib}};
  const loads two{three[1], three[2]};
  watch.on_sample(three);
  EXPECT_THAT(ids(watch.on_sample(three)), ElementsAre("a"));
  for (int turn = 0; turn < 5; ++turn)
    EXPECT_THAT(watch.on_sample(three), IsEmpty()) << "it is still ending";
  EXPECT_THAT(watch.on_sample(two), IsEmpty());
  EXPECT_THAT(ids(watch.on_sample(two)), ElementsAre("b"));
  EXPECT_THAT(watch.on_sample(loads{three[2]}), IsEmpty());
  EXPECT_THAT(watch.on_sample(loads{three[2]}), IsEmpty()) << "within its limit";
}

TEST(user_watch, one_that_hangs_does_not_save_the_others) {
  user_watch watch(hundred);
  const loads both{{"a", "ann", 1, 90 * mib}, {"b", "ann", 1, 80 * mib}};
  watch.on_sample(both);
  EXPECT_THAT(ids(watch.on_sample(both)), ElementsAre("a"));
  int waited = 0;
  std::vector<std::string> next;
  while (next.empty() && ++waited < 100)
    next = ids(watch.on_sample(both));
  EXPECT_THAT(next, ElementsAre("b"));
  EXPECT_GT(waited, 8);
}

TEST(user_watch, each_user_by_itself) {
  user_watch watch(hundred);
  const loads both{{"a", "ann", 1, 101 * mib}, {"b", "bob", 1, 102 * mib}};
  watch.on_sample(both);
  EXPECT_THAT(ids(watch.on_sample(both)), ElementsAre("a", "b"));
}

} // namespace
} // namespace roost::terminal
