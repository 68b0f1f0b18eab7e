#include "actors/database/recording/joined_lines.hpp"

#include <gtest/gtest.h>

namespace roost::recording {
namespace {

TEST(joined_lines, rows_that_were_wrapped_are_one_line) {
  joined_lines tested(1000);
  tested.add({{"one  ", false}, {"two", true}, {"three   ", false}});
  EXPECT_EQ(tested.take(), "one  two\nthree");
  tested.add({{"four", true}, {"", false}, {"end ", false}});
  EXPECT_EQ(tested.finish(), "   four\n\nend\n");
  EXPECT_EQ(tested.finish(), "");
}

TEST(joined_lines, never_more_than_it_may) {
  joined_lines tested(20);
  tested.add({{"0123456789", false}, {"abcdef", false}, {"more", false}, {"x", false}});
  EXPECT_EQ(tested.left_out(), 7U) << "what follows is left out, too, and so are its newlines";
  const auto text = tested.finish();
  EXPECT_EQ(text, "0123456789\nabcdef\n");
  EXPECT_LE(text.size(), 20U);
  EXPECT_EQ(tested.left_out(), 0U);
}

} // namespace
} // namespace roost::recording
