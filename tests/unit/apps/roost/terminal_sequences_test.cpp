#include "apps/roost/terminal_sequences.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/roost/query_filter.hpp"

namespace roost::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(terminal_sequences, leaving_resets_what_a_program_may_have_set) {
  const auto text = leave_sequence({100, 30});
  for (const auto* const part :
       {"\x1b[?1049l", "\x1b[?1l", "\x1b>", "\x1b[?1000l", "\x1b[?1002l", "\x1b[?1003l",
        "\x1b[?1006l", "\x1b[?1004l", "\x1b[?2004l", "\x1b[?25h", "\x1b[m", "\x1b[r", "\x1b[<99u",
        "\x1b(B", "\x1b[?7h", "\x1b[23;0t", "\x1b[0 q"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, EndsWith("\x1b[30;1H\r\n"));
  EXPECT_THAT(text, StartsWith("\x18")) << "an unfinished sequence swallows no reset";
  EXPECT_LT(text.size(), 1024U) << "it must fit the signal handler's buffer";
}

TEST(terminal_sequences, nothing_we_write_asks_the_terminal_anything) {
  for (const auto& text : {leave_sequence({80, 24}), make_room_sequence({80, 24}, room::first),
                           make_room_sequence({80, 24}, room::again), std::string(enter_sequence()),
                           status_line_sequence({80, 24}, "lost")}) {
    query_filter filter;
    std::string out;
    filter.feed(text, queries::strip, out);
    EXPECT_EQ(out, text);
  }
}

TEST(terminal_sequences, a_snapshot_keeps_the_users_scrollback) {
  EXPECT_EQ(adapt_snapshot("\x1b"
                           "c\x1b[1mx\x1b[3Jy"),
            "\x1b[1mxy");
  const auto first = make_room_sequence({80, 3}, room::first);
  EXPECT_THAT(first, HasSubstr("\x1b[3;1H\n\n\n\x1b[3g"));
  EXPECT_THAT(first, EndsWith("\x1b[73G\x1bH\x1b[H\x1b[2J\x1b"
                              "7"));
  EXPECT_THAT(first, Not(HasSubstr("\x1b[3J")));
  EXPECT_THAT(make_room_sequence({80, 3}, room::again), Not(HasSubstr("\n")));
}

// Leaving the other screen puts the cursor where it was saved: a reset would have saved it at home.
TEST(terminal_sequences, a_snapshot_of_the_other_screen_saves_the_cursor) {
  EXPECT_EQ(adapt_snapshot("main\x1b[?47h\x1b[Hvim"), "main\x1b"
                                                      "8\x1b[?1049h\x1b[Hvim");
  EXPECT_EQ(adapt_snapshot("\x1b[?47h\x1b[5;5H\x1b"
                           "7\x1b[?47l\x1b[Hmain"),
            "\x1b[?47h\x1b[5;5H\x1b"
            "7\x1b[?47l\x1b[Hmain");
}

TEST(terminal_sequences, the_status_line_fits_and_gives_the_cursor_back) {
  const auto text = status_line_sequence({10, 5}, "a rather long message");
  EXPECT_THAT(text, StartsWith("\x1b"
                               "7"));
  EXPECT_THAT(text, EndsWith("\x1b"
                             "8"));
  EXPECT_THAT(text, HasSubstr("\x1b[5;1H"));
  EXPECT_THAT(text, HasSubstr("a rather …\x1b[m"));
  EXPECT_THAT(status_line_sequence({6, 5}, "ab"), HasSubstr("7mab    \x1b[m"));
}

} // namespace
} // namespace roost::cli
