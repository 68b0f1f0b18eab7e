#include "actors/terminal/screen/page.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace roost::terminal {
namespace {

TEST(page, tab_stops) {
  page pg(page::kind::normal, 20, 3, 10);
  EXPECT_EQ(pg.next_tab(0), 8);
  EXPECT_EQ(pg.next_tab(8), 16);
  EXPECT_EQ(pg.next_tab(16), 19);
  EXPECT_EQ(pg.previous_tab(16), 8);
  EXPECT_EQ(pg.previous_tab(3), 0);
  pg.clear_tab(8);
  pg.set_tab(5);
  EXPECT_EQ(pg.next_tab(0), 5);
  EXPECT_EQ(pg.next_tab(5), 16);
}

TEST(page, scrolls_into_the_history_from_the_top_only) {
  cell_tables tables;
  page pg(page::kind::normal, 10, 4, 10);
  pg.make_rows(0);
  for (int y = 0; y < 4; ++y)
    pg.row(y).set(0, cell::of(static_cast<unsigned>('a' + y), 1, 0), 10);
  pg.scroll(0, false, tables);
  EXPECT_EQ(pg.history.size(), 1u);
  EXPECT_EQ(pg.row(0).at(0).code(), static_cast<unsigned>('b'));
  pg.top = 1;
  pg.bottom = 2;
  pg.scroll(0, true, tables);
  EXPECT_EQ(pg.history.size(), 1u);
  EXPECT_EQ(pg.row(0).at(0).code(), static_cast<unsigned>('b'));
  EXPECT_EQ(pg.row(1).at(0).code(), static_cast<unsigned>('d'));
  EXPECT_TRUE(pg.row(2).is_wrapped);
}

TEST(page, without_rows_holds_next_to_nothing) {
  page pg(page::kind::alternate, 200, 100, 0);
  EXPECT_LT(pg.memory_bytes(), 1024u);
  pg.resize(100, 50, *std::make_unique<cell_tables>());
  EXPECT_EQ(pg.bottom, 49);
}

} // namespace
} // namespace roost::terminal
