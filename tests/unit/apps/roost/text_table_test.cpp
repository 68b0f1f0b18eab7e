#include "apps/roost/text_table.hpp"

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

TEST(text_table, printable_text_holds_no_controls) {
  EXPECT_EQ(printable("plain żółć 漢"), "plain żółć 漢");
  EXPECT_EQ(printable("C-\\ d"), "C-\\ d");
  const auto text = printable(std::string("a\x1b[2J\x07\x7f\n\xc2\x9b\xff", 12));
  for (const char c : text)
    EXPECT_TRUE(c >= 0x20 && c < 0x7f) << static_cast<int>(c);
}

TEST(text_table, width_counts_columns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("żół"), 3U);
  EXPECT_EQ(display_width("漢字"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);
}

TEST(text_table, cuts_at_characters) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to_width("漢字漢字", 4), "漢…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(text_table, aligns_columns) {
  EXPECT_EQ(
      render_table({{{"ID"}, {"TITLE"}, {"X"}}, {{"a"}, {"漢"}, {"1"}}, {{"bcd"}, {""}, {"2"}}},
                   colour::off, 0),
      "ID   TITLE  X\n"
      "a    漢     1\n"
      "bcd         2\n");
}

TEST(text_table, colours_do_not_change_the_layout) {
  EXPECT_EQ(render_table({{{"a", "1"}, {"b"}}}, colour::on, 0), "\x1b[1ma\x1b[0m  b\n");
  EXPECT_EQ(render_table({{{"a", "1"}, {"b"}}}, colour::off, 0), "a  b\n");
}

TEST(text_table, the_last_column_fits_the_window) {
  EXPECT_EQ(render_table({{{"ab"}, {"a long command line"}}}, colour::off, 12), "ab  a long …\n");
}

TEST(text_table, a_title_cannot_drive_the_terminal) {
  const auto text = render_table({{{"x\x1b]0;gotcha\x07"}}}, colour::off, 0);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

} // namespace
} // namespace roost::cli
