#include "actors/terminal/screen/scrollback.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace roost::terminal {
namespace {

line text_line(const std::string& text) {
  line l;
  int col = 0;
  for (const char c : text)
    l.set(col++, cell::of(static_cast<unsigned char>(c), 1, 0), 1000);
  return l;
}

std::string text_of(const scrollback& lines, std::size_t index) {
  cell_tables tables;
  line l;
  lines.unpack(index, l, tables);
  std::string text;
  for (const auto& c : l.cells())
    tables.append_text(c, text);
  return text;
}

TEST(scrollback, keeps_the_newest) {
  scrollback lines(100);
  cell_tables tables;
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(lines.push(text_line("line " + std::to_string(i)), tables), i >= 100);
  ASSERT_EQ(lines.size(), 100u);
  EXPECT_EQ(text_of(lines, 0), "line 900");
  EXPECT_EQ(text_of(lines, 99), "line 999");
  const auto newest = lines.pop(tables);
  EXPECT_EQ(newest.stored(), 8);
  EXPECT_EQ(text_of(lines, 98), "line 998");
  lines.push(text_line("again"), tables);
  EXPECT_EQ(text_of(lines, 99), "again");
  lines.clear();
  EXPECT_EQ(lines.size(), 0u);
}

TEST(scrollback, of_no_lines_keeps_none) {
  scrollback lines(0);
  cell_tables tables;
  EXPECT_TRUE(lines.push(text_line("x"), tables));
  EXPECT_EQ(lines.size(), 0u);
}

TEST(scrollback, plain_lines_cost_little_more_than_their_text) {
  scrollback lines(10000);
  cell_tables tables;
  for (int i = 0; i < 10000; ++i)
    lines.push(text_line(std::string(60, 'x')), tables);
  EXPECT_LT(lines.memory_bytes(), 10000u * 80);
}

TEST(scrollback, gives_random_lines_back) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  scrollback lines(50);
  std::deque<std::pair<line, cell_tables>> expected;
  for (int i = 0; i < 2000; ++i) {
    auto& [l, tables] = expected.emplace_back();
    l.is_wrapped = random() % 2;
    for (int col = 0, n = static_cast<int>(random() % 40); col < n; ++col) {
      attributes a;
      if (random() % 4 == 0)
        a.fg = color_bits::rgb | (random() & 0xffffff);
      if (random() % 4 == 0)
        a.link = random() % 5;
      a.update_extended();
      const auto style = tables.styles.ref(a);
      switch (random() % 6) {
      case 0:
        l.set(col, cell::blank(style), 100);
        break;
      case 1:
        l.set(col, cell::of(0, random() % 3, style), 100);
        break;
      case 2:
        l.set(col++, cell::of(0x4e16, 2, style), 100);
        l.set(col, cell::of(0, 0, style), 100);
        break;
      case 3:
        l.set(col,
              cell::of(tables.clusters.add("e\u0301\u0308") | cell::cluster_bit, 1 + random() % 2,
                       style),
              100);
        break;
      default:
        l.set(col, cell::of(0x20 + random() % 0x5f, 1 + random() % 2, style), 100);
      }
    }
    lines.push(l, tables);
    if (expected.size() > 50)
      expected.pop_front();
    ASSERT_EQ(lines.size(), expected.size());
    const auto index = random() % lines.size();
    const auto& [wanted, wanted_tables] = expected[index];
    cell_tables got_tables;
    line got;
    lines.unpack(index, got, got_tables);
    ASSERT_EQ(got.is_wrapped, wanted.is_wrapped);
    for (int col = 0; col < 100; ++col) {
      const auto x = wanted.at(col);
      const auto y = got.at(col);
      ASSERT_EQ(x.width(), y.width()) << col;
      ASSERT_EQ(wanted_tables.styles.get(x.style), got_tables.styles.get(y.style)) << col;
      std::string wanted_text;
      std::string got_text;
      wanted_tables.append_text(x, wanted_text);
      got_tables.append_text(y, got_text);
      ASSERT_EQ(wanted_text, got_text) << col;
    }
  }
}

} // namespace
} // namespace roost::terminal
