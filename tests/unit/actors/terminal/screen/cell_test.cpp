#include "actors/terminal/screen/cell.hpp"

#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

TEST(style_table, common_attributes_need_no_entry) {
  style_table table;
  attributes a;
  a.fg = color_bits::ansi | 4 | attributes::bold | attributes::inverse;
  a.bg = color_bits::palette | 200 | attributes::italic | attributes::is_protected;
  EXPECT_EQ(table.get(table.ref(a)), a);
  a.fg |= attributes::underline;
  a.set_style(1);
  a.update_extended();
  EXPECT_EQ(table.get(table.ref(a)), a);
  EXPECT_EQ(table.size(), 0u);
}

TEST(style_table, keeps_the_others_once) {
  style_table table;
  attributes a;
  a.fg = color_bits::rgb | 0x123456;
  attributes b = a;
  b.set_style(3);
  b.link = 7;
  b.update_extended();
  EXPECT_EQ(table.get(table.ref(a)), a);
  EXPECT_EQ(table.get(table.ref(b)), b);
  EXPECT_EQ(table.ref(a), table.ref(a));
  EXPECT_EQ(table.size(), 2u);
}

TEST(style_table, drops_what_is_not_in_force) {
  style_table table;
  attributes a;
  a.line = color_bits::rgb | 0xffffff; // an underline's colour, without an underline
  EXPECT_EQ(table.get(table.ref(a)), attributes{});
}

TEST(cluster_table, grows_the_newest_and_copies_others) {
  cluster_table table;
  const auto first = table.add("a");
  EXPECT_EQ(table.extended(first, 0x301), first);
  const auto second = table.add("b");
  const auto copy = table.extended(first, 0x302);
  EXPECT_NE(copy, first);
  EXPECT_EQ(table.text(first), "a\u0301");
  EXPECT_EQ(table.text(copy), "a\u0301\u0302");
  EXPECT_EQ(table.text(second), "b");
}

TEST(cluster_table, is_bounded) {
  cluster_table table;
  auto at = table.add("a");
  for (int i = 0; i < 10000; ++i)
    at = table.extended(at, 0x301);
  EXPECT_LE(table.text(at).size(), cluster_table::max_text + 4);
}

} // namespace
} // namespace roost::terminal
