#include "apps/roost/key_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::cli {
namespace {

using testing::ElementsAre;

TEST(key_list, splits_at_commas) {
  EXPECT_THAT(*split_key_list("Enter"), ElementsAre("Enter"));
  EXPECT_THAT(*split_key_list("Enter,C-c,Up"), ElementsAre("Enter", "C-c", "Up"));
}

TEST(key_list, two_commas_are_the_key) {
  EXPECT_THAT(*split_key_list(","), ElementsAre(","));
  EXPECT_THAT(*split_key_list(",,"), ElementsAre(","));
  EXPECT_THAT(*split_key_list("a,,,b"), ElementsAre("a", ",", "b"));
  EXPECT_THAT(*split_key_list(",,,a"), ElementsAre(",", "a"));
  EXPECT_THAT(*split_key_list("a,,,"), ElementsAre("a", ","));
}

TEST(key_list, an_empty_name_is_a_mistake) {
  for (const auto* const list : {"", "Enter,", ",Enter"}) {
    const auto names = split_key_list(list);
    ASSERT_FALSE(names) << list;
    EXPECT_EQ(names.error().exit, exit_status::usage);
  }
}

} // namespace
} // namespace roost::cli
