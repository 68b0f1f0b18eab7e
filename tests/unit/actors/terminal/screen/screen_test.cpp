#include "actors/terminal/screen/screen.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

screen fed(std::string_view bytes, int cols = 10, int rows = 4, std::size_t scrollback = 100) {
  screen s({cols, rows, scrollback});
  s.answer_queries(true);
  s.feed(bytes);
  return s;
}

TEST(screen, text_wraps_and_scrolls) {
  const auto s = fed("0123456789abc\r\nx\r\ny\r\nz");
  EXPECT_EQ(s.scrollback_size(), 1u);
  EXPECT_EQ(s.scrollback_line_text(0), "0123456789");
  EXPECT_EQ(s.screen_text(), "abc\nx\ny\nz\n");
  EXPECT_EQ(s.cursor().row, 3);
  EXPECT_EQ(s.cursor().col, 1);
  EXPECT_EQ(s.line_text(-1) + s.line_text(4) + s.scrollback_line_text(1), "");
}

TEST(screen, the_last_column_waits_with_wrapping) {
  auto s = fed("0123456789");
  EXPECT_EQ(s.cursor().col, 10);
  s.feed("\x1b[D");
  EXPECT_EQ(s.cursor().col, 8);
  const auto off = fed("\x1b[?7l0123456789abc");
  EXPECT_EQ(off.line_text(0), "012345678c");
}

TEST(screen, wide_and_combining_characters) {
  const auto s = fed("123456789\xe4\xb8\x96"
                     "e\xcc\x81");
  EXPECT_EQ(s.line_text(0), "123456789");
  EXPECT_EQ(s.line_text(1), "\xe4\xb8\x96"
                            "e\xcc\x81");
  EXPECT_EQ(s.cursor().col, 3);
  EXPECT_EQ(fed("\xe4\xb8\x96\x1b[2Gx").line_text(0), " x");
}

TEST(screen, cursor_movement) {
  auto s = fed("\x1b[3;5H");
  EXPECT_EQ(s.cursor().row, 2);
  EXPECT_EQ(s.cursor().col, 4);
  s.feed("\x1b[A\x1b[2D\x1b[99C\x1b[99B");
  EXPECT_EQ(s.cursor().row, 3);
  EXPECT_EQ(s.cursor().col, 9);
  s.feed("\r\t");
  EXPECT_EQ(s.cursor().col, 8);
  s.feed("\x1b[2d\x1b[3G\x1b"
         "7\x1b[H\x1b"
         "8");
  EXPECT_EQ(s.cursor().row, 1);
  EXPECT_EQ(s.cursor().col, 2);
}

TEST(screen, erasing_inserting_deleting) {
  EXPECT_EQ(fed("abcdef\x1b[3G\x1b[K").line_text(0), "ab");
  EXPECT_EQ(fed("abcdef\x1b[3G\x1b[1K").line_text(0), "   def");
  EXPECT_EQ(fed("abcdef\x1b[3G\x1b[2P").line_text(0), "abef");
  EXPECT_EQ(fed("abcdef\x1b[3G\x1b[2@").line_text(0), "ab  cdef");
  EXPECT_EQ(fed("abcdef\x1b[3G\x1b[2X").line_text(0), "ab  ef");
  EXPECT_EQ(fed("abcdef\x1b[3G\x1b[4hX").line_text(0), "abXcdef");
  EXPECT_EQ(fed("ab\x1b[3b").line_text(0), "abbbb");
  EXPECT_EQ(fed("a\r\nb\r\nc\x1b[2;1H\x1b[L").screen_text(), "a\n\nb\nc\n");
  EXPECT_EQ(fed("a\r\nb\r\nc\x1b[2;1H\x1b[M").screen_text(), "a\nc\n\n\n");
  EXPECT_EQ(fed("a\r\nb\r\nc\x1b[2J").screen_text(), "\n\n\n\n");
}

TEST(screen, margins) {
  const auto s = fed("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nX");
  EXPECT_EQ(s.screen_text(), "a\nc\nX\nd\n");
  EXPECT_EQ(s.scrollback_size(), 0u);
  EXPECT_EQ(fed("\x1b[2;3r\x1b[?6h\x1b[1;1Hx").line_text(1), "x");
}

TEST(screen, alternate_screen) {
  auto s = fed("shell\x1b[?1049h\x1b[Hvim");
  EXPECT_TRUE(s.alternate());
  EXPECT_EQ(s.line_text(0), "vim");
  s.feed("\x1b[?1049l$");
  EXPECT_FALSE(s.alternate());
  EXPECT_EQ(s.line_text(0), "shell$");
}

TEST(screen, character_sets) {
  EXPECT_EQ(fed("\x1b(0qx\x1b(Bq").line_text(0), "─│q");
  EXPECT_EQ(fed("\x1b)0a\x0eq\x0fq").line_text(0), "a─q");
}

TEST(screen, modes_that_others_ask_for) {
  auto s = fed("\x1b[?1h\x1b[?2004h\x1b[?25l\x1b[4 q");
  EXPECT_TRUE(s.application_cursor_keys());
  EXPECT_TRUE(s.bracketed_paste());
  EXPECT_FALSE(s.cursor().visible);
  EXPECT_EQ(s.cursor().style, cursor_style::underline);
  s.feed("\x1b[!p");
  EXPECT_FALSE(s.application_cursor_keys());
  EXPECT_FALSE(s.bracketed_paste());
  EXPECT_TRUE(s.cursor().visible);
}

TEST(screen, answers_as_xterm_js_does) {
  auto s = fed("ab\x1b[c\x1b[>c\x1b[5n\x1b[6n\x1b[?6n\x1b[?7$p\x1b[4$p\x1bP$qr\x1b\\");
  EXPECT_EQ(s.take_replies(),
            "\x1b[?1;2c\x1b[>0;276;0c\x1b[0n\x1b[1;3R\x1b[?1;3R\x1b[?7;1$y\x1b[4;2$y"
            "\x1bP1$r1;4r\x1b\\");
  EXPECT_EQ(s.take_replies(), "");
  s.feed("\x1b]11;?\x07\x1b]4;1;?\x07\x1b]10;#102030\x07\x1b]10;?\x07");
  EXPECT_EQ(s.take_replies(), "\x1b]11;rgb:0000/0000/0000\x1b\\\x1b]4;1;rgb:cccc/0000/0000\x1b\\"
                              "\x1b]10;rgb:1010/2020/3030\x1b\\");
}

TEST(screen, answers_only_while_asked_to_and_not_without_bound) {
  screen s({80, 24, 10});
  s.feed("\x1b[c");
  EXPECT_EQ(s.take_replies(), "");
  EXPECT_FALSE(s.answer_queries(true));
  for (int i = 0; i < 10000; ++i)
    s.feed("\x1b[c");
  EXPECT_LE(s.take_replies().size(), screen::max_replies);
  EXPECT_TRUE(s.answer_queries(false));
}

TEST(screen, huge_counts_are_harmless) {
  for (const auto* final : {"L", "M", "S",  "T",  "@",  "P",  "X", "b", "A", "B", "C", "D",
                            "I", "Z", " @", " A", "'}", "'~", "d", "G", "H", "e", "a"})
    fed("x\x1b[2147483647" + std::string(final) + "y");
}

TEST(screen, skipping_keeps_modes_and_colours) {
  screen s({10, 4, 10});
  s.skip("text\r\n\x1b[31m more \x1b[?2004h \x1b]0;title\x07\x1b[?1049h\x1b(0 text");
  EXPECT_TRUE(s.bracketed_paste());
  EXPECT_TRUE(s.alternate());
  EXPECT_EQ(s.title(), "title");
  s.feed("\x1b[Hq");
  EXPECT_EQ(s.line_text(0), "─");
  EXPECT_EQ(s.screen_ansi().substr(0, 6), "\x1b[0;31");
}

TEST(screen, ansi_text_has_its_colours) {
  EXPECT_EQ(fed("a\x1b[1;31mb\x1b[m c", 10, 2).screen_ansi(), "a\x1b[0;1;31mb\x1b[0m c\n\n");
}

TEST(screen, resizing_wraps_anew) {
  auto s = fed("0123456789abc\r\nx\r\n", 10, 4);
  s.resize(5, 4);
  EXPECT_EQ(s.scrollback_line_text(0), "01234");
  EXPECT_EQ(s.screen_text(), "56789\nabc\nx\n\n");
  s.resize(20, 4);
  EXPECT_EQ(s.screen_text().substr(0, 16), "0123456789abc\nx\n");
  s.resize(1, 1);
  EXPECT_EQ(s.cols(), 2);
  EXPECT_EQ(s.rows(), 1);
}

TEST(screen, an_idle_shell_costs_little) {
  screen s({80, 24, 10000});
  s.feed("Last login: today\r\n\x1b]0;user@host: "
         "~\x07\x1b[01;32muser@host\x1b[0m:\x1b[01;34m~\x1b[0m$ ls\r\n"
         "a b c d e f\r\n\x1b[01;32muser@host\x1b[0m:\x1b[01;34m~\x1b[0m$ ");
  EXPECT_LT(s.memory_bytes(), 10u << 10);
}

TEST(screen, tables_are_bounded) {
  screen s({80, 24, 100});
  for (int i = 0; i < 50000; ++i) {
    s.feed("\x1b[38;2;" + std::to_string(i >> 8 & 255) + ";" + std::to_string(i & 255) +
           ";7mx\xcc\x81");
    s.feed("\x1b]8;;http://example.org/" + std::to_string(i) + "\x07y");
  }
  EXPECT_LT(s.memory_bytes(), 4u << 20);
}

std::string printed(const std::vector<printed_line>& lines) {
  std::string text;
  for (const auto& one : lines)
    text += (one.is_wrapped ? "+" : "-") + one.text + "|";
  return text;
}

TEST(screen, gives_away_what_scrolled_out_once) {
  auto s = fed("0123456789ab \r\nx  \r\n\r\ny\r\nz");
  EXPECT_EQ(printed(s.take_scrollback()), "-0123456789|+ab |");
  EXPECT_EQ(s.scrollback_size(), 0u);
  EXPECT_EQ(printed(s.take_scrollback()), "");
  EXPECT_EQ(s.screen_text(), "x\n\ny\nz\n");
  s.feed("\x1b[?1049h\r\n\r\n\r\n\r\n\r\n");
  EXPECT_EQ(printed(s.take_scrollback()), "");
}

TEST(screen, a_saved_cursor_stays_when_the_scrollback_is_taken) {
  auto s = fed("a\r\nb\r\nc\r\nd\r\ne\r\nf\x1b[2;3H\x1b"
               "7\x1b[4;1H");
  ASSERT_EQ(s.take_scrollback().size(), 2u);
  s.feed("\x1b"
         "8");
  EXPECT_EQ(s.cursor().row, 1);
  EXPECT_EQ(s.cursor().col, 2);
}

TEST(screen, gives_its_rows_as_they_were_printed) {
  EXPECT_EQ(printed(fed("0123456789ab\r\n x ").printed_lines()), "-0123456789|+ab|- x |");
  EXPECT_EQ(printed(fed("").printed_lines()), "");
  EXPECT_EQ(printed(fed("a\x1b[?1049h\x1b[Hb").printed_lines()), "-b|");
}

} // namespace
} // namespace roost::terminal
