#include "actors/terminal/screen/line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

constexpr int cols = 8;

line of(const std::string& text) {
  line l;
  int col = 0;
  for (const char c : text) {
    if (c == 'W') { // a wide character
      l.set(col++, cell::of(0x4e16, 2, 0), cols);
      l.set(col++, cell::of(0, 0, 0), cols);
    } else {
      l.set(col, c == '.' ? cell{} : cell::of(static_cast<unsigned char>(c), 1, 0), cols);
      ++col;
    }
  }
  return l;
}

std::string show(const line& l) {
  std::string text;
  for (int col = 0; col < cols; ++col) {
    const auto c = l.at(col);
    text += c.width() == 2 ? 'W' : c.width() == 0 ? '>' : c.has_content() ? char(c.code()) : '.';
  }
  return text;
}

TEST(line, stores_no_more_than_was_written) {
  line l;
  l.set(3, cell::of('x', 1, 0), cols);
  EXPECT_EQ(l.stored(), 4);
  l.set(7, cell{}, cols);
  EXPECT_EQ(l.stored(), 4);
  l.set(cols, cell::of('x', 1, 0), cols);
  EXPECT_EQ(l.stored(), 4);
  EXPECT_EQ(l.width_at(cols, cols), 0u);
  EXPECT_EQ(l.content_length(), 4);
}

TEST(line, inserts) {
  auto l = of("abcdefgh");
  l.insert_cells(2, 3, 0, cols);
  EXPECT_EQ(show(l), "ab...cde");
  l.insert_cells(0, 99, 0, cols);
  EXPECT_EQ(show(l), "........");
}

TEST(line, inserting_between_the_halves_of_a_wide_character_leaves_the_second) {
  auto l = of("aWb");
  l.insert_cells(2, 1, 0, cols);
  EXPECT_EQ(show(l), "a..>b...");
}

TEST(line, a_wide_character_pushed_half_out_goes) {
  auto l = of("abcdefW");
  l.insert_cells(0, 1, 0, cols);
  EXPECT_EQ(show(l), ".abcdef.");
}

TEST(line, deletes) {
  auto l = of("abcdefgh");
  l.delete_cells(2, 3, 0, cols);
  EXPECT_EQ(show(l), "abfgh...");
  auto wide = of("aWbcdefg");
  wide.delete_cells(1, 1, 0, cols);
  EXPECT_EQ(show(wide), "a.bcdef.");
}

TEST(line, erases_wide_characters_whole) {
  style_table styles;
  auto l = of("aWbWc");
  l.erase(2, 5, 0, cols, line::protection::ignored, styles);
  EXPECT_EQ(show(l), "a.....c.");
}

TEST(line, respects_protection) {
  style_table styles;
  attributes kept;
  kept.bg = attributes::is_protected;
  auto l = of("abc");
  l.set(1, cell::of('b', 1, styles.ref(kept)), cols);
  l.erase(0, cols, 0, cols, line::protection::respected, styles);
  EXPECT_EQ(show(l), ".b......");
}

} // namespace
} // namespace roost::terminal
