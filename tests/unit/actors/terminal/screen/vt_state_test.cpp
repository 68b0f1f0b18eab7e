// What the sequences do is tested through `screen`; here is what cannot be seen from there.
#include "actors/terminal/screen/vt_state.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

TEST(link_table, keeps_each_link_once) {
  link_table links;
  const auto a = links.add("id=1", "http://example.org/");
  EXPECT_EQ(links.add("id=1", "http://example.org/"), a);
  EXPECT_NE(links.add("", "http://example.org/"), a);
  EXPECT_EQ(links.get(a).params, "id=1");
  EXPECT_EQ(links.get(a).uri, "http://example.org/");
}

TEST(link_table, is_bounded_and_frees_what_is_not_used) {
  link_table links;
  std::uint32_t last = 1;
  for (int i = 0; last != 0 && i < 100000; ++i)
    last = links.add("", "http://example.org/" + std::string(1000, 'x') + std::to_string(i));
  EXPECT_EQ(last, 0u);
  EXPECT_TRUE(links.wants_sweep());
  links.sweep({3});
  EXPECT_FALSE(links.wants_sweep());
  EXPECT_NE(links.get(3).uri, "");
  EXPECT_NE(links.add("", "http://example.org/new"), 0u);
}

TEST(vt_state, a_reset_leaves_what_xterm_js_leaves) {
  vt_state state({20, 5, 10});
  state.parser.feed("\x1b[?25l\x1b[20h\x1b[?12h\x1b]2;title\x07\x1b[?1h\x1b[31mtext\x1b"
                    "c",
                    state);
  EXPECT_FALSE(state.cursor_visible);
  EXPECT_TRUE(state.convert_eol);
  EXPECT_EQ(state.blink_preference, true);
  EXPECT_EQ(state.title, "title");
  EXPECT_FALSE(state.modes.application_cursor_keys);
  EXPECT_EQ(state.pen, attributes{});
}

} // namespace
} // namespace roost::terminal
