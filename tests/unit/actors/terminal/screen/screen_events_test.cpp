#include "actors/terminal/screen/screen.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

TEST(screen_events, come_with_their_offsets) {
  screen s({80, 24, 10});
  s.set_offset(1000);
  s.feed("ab\x1b]133;C\x07out");
  s.feed("\x1b]133;D;3\x1b\\");
  const auto events = s.take_events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, osc_kind::mark_133);
  EXPECT_EQ(events[0].data, "C");
  EXPECT_EQ(events[0].offset, 1000u + 2 + 8);
  EXPECT_EQ(events[1].data, "D;3");
  EXPECT_EQ(events[1].offset, 1000u + 13 + 11); // the backslash included
  EXPECT_EQ(s.offset(), 1024u);
  EXPECT_TRUE(s.take_events().empty());
}

TEST(screen_events, of_each_kind) {
  screen s({80, 24, 10});
  s.feed("\x1b]2;t\x07\x1b]1;i\x07\x1b]7;file:///"
         "x\x07\x1b]633;A\x07\x1b]9;n\x07\x1b]777;notify;a;b\x07\x07");
  const auto events = s.take_events();
  ASSERT_EQ(events.size(), 7u);
  const osc_kind kinds[] = {osc_kind::title,  osc_kind::icon,   osc_kind::cwd, osc_kind::mark_633,
                            osc_kind::notify, osc_kind::notify, osc_kind::bell};
  for (std::size_t i = 0; i < events.size(); ++i)
    EXPECT_EQ(events[i].kind, kinds[i]) << i;
}

TEST(screen_events, skipping_keeps_them) {
  screen s({80, 24, 10});
  s.skip("lots of text\r\n\x1b]133;A\x07 more \x1b]0;t\x07");
  EXPECT_EQ(s.take_events().size(), 3u); // the mark, title and icon
}

TEST(screen_events, are_bounded) {
  screen s({80, 24, 10});
  for (int i = 0; i < 3000; ++i)
    s.feed("\x1b]133;A\x07");
  EXPECT_EQ(s.take_events().size(), screen::max_events);
  EXPECT_EQ(s.dropped_events(), 3000u - screen::max_events);
  s.feed("\x1b]7;" + std::string(20000, 'x') + "\x07");
  EXPECT_EQ(s.take_events().at(0).data.size(), screen::max_event_data);
}

} // namespace
} // namespace roost::terminal
