#include "actors/terminal/screen/charset.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

TEST(charset, finds_sets_by_both_of_their_names) {
  charset_id set = 'x';
  ASSERT_TRUE(find_charset('B', set));
  EXPECT_EQ(set, ascii_charset);
  charset_id other = 0;
  ASSERT_TRUE(find_charset('5', set));
  ASSERT_TRUE(find_charset('C', other));
  EXPECT_EQ(set, other);
  EXPECT_FALSE(find_charset('x', set));
}

TEST(charset, line_drawing) {
  EXPECT_EQ(map_charset('0', 'q'), U'─');
  EXPECT_EQ(map_charset('0', 'x'), U'│');
  EXPECT_EQ(map_charset('0', '~'), U'·');
  EXPECT_EQ(map_charset('0', 'A'), U'A');
}

TEST(charset, what_is_mapped_can_be_found_again) {
  for (const char id : std::string("0A4CRQKYEZH="))
    for (char32_t code = 0x20; code < 0x7f; ++code) {
      const auto shown = map_charset(id, code);
      const auto again = unmap_charset(id, shown);
      EXPECT_EQ(again < 0x7f ? map_charset(id, again) : again, shown) << id << " " << int(code);
    }
}

} // namespace
} // namespace roost::terminal
