#include "actors/runtime/spelling.hpp"

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(spelling, counts_the_four_kinds_of_edit) {
  EXPECT_EQ(edit_distance("history", "history"), 0U);
  EXPECT_EQ(edit_distance("histroy", "history"), 1U); // swap
  EXPECT_EQ(edit_distance("histor", "history"), 1U);  // insert
  EXPECT_EQ(edit_distance("hhistory", "history"), 1U);
  EXPECT_EQ(edit_distance("hiztory", "history"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
}

TEST(spelling, names_the_nearest_and_nothing_that_is_far) {
  constexpr std::array<std::string_view, 4> known = {"max", "history", "kill_ladder",
                                                     "size_policy"};
  EXPECT_EQ(nearest("histroy", known), "history");
  EXPECT_EQ(nearest("kill_lader", known), "kill_ladder");
  EXPECT_EQ(nearest("size-policy", known), "size_policy");
  EXPECT_EQ(nearest("mx", known), "max");
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("x", known), "");
  EXPECT_EQ(nearest(std::string(100'000, 'm'), known), "");
}

TEST(spelling, stops_at_the_given_number_of_edits) {
  constexpr std::array<std::string_view, 1> known = {"TERMINALS_MAX"};
  EXPECT_EQ(nearest("TERMINAL_MAX", known, 2), "TERMINALS_MAX");
  EXPECT_EQ(nearest("TERMINATE_MAP", known, 2), "");
}

} // namespace
} // namespace roost
