#include "actors/terminal/screen/screen.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

constexpr snapshot_options everything{1000000, std::size_t{1} << 30};

/// A screen fed with the snapshot of another, which must be in the same state.
void expect_same(const screen& s) {
  screen restored({s.cols(), s.rows(), 1000});
  restored.answer_queries(true);
  restored.feed(s.snapshot(everything));
  EXPECT_EQ(restored.dump(), s.dump());
  EXPECT_EQ(restored.take_replies(), "") << "a snapshot asks nothing";
}

void expect_restored(std::string_view bytes, int cols = 20, int rows = 5) {
  screen s({cols, rows, 1000});
  s.feed(bytes);
  SCOPED_TRACE(testing::PrintToString(std::string(bytes)));
  expect_same(s);
}

TEST(snapshot, text_and_scrollback) {
  expect_restored("");
  expect_restored("hello\r\nworld");
  expect_restored("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8");
  expect_restored("a long line that wraps around the edge of the screen\r\nnext");
  expect_restored("\x1b[41mred\x1b[K\r\n\x1b[0;1;4:3;58;5;9mcurly\x1b[m\xe4\xb8\x96\xe7\x95\x8c"
                  "e\xcc\x81");
}

TEST(snapshot, cursors) {
  expect_restored("12345678901234567890"); // behind the last column
  expect_restored("12345678901234567890\x1b[1K");
  expect_restored("\x1b[31m\x1b[3;3H\x1b"
                  "7\x1b[m\x1b[H");
  expect_restored("a\xcc\x81");
  expect_restored("\x1b[?25l\x1b[5 q");
}

TEST(snapshot, modes) {
  expect_restored(
      "\x1b[?1h\x1b[?7l\x1b[?45h\x1b=\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?2004h\x1b[4h\x1b[20h");
  expect_restored("\x1b[2;4r\x1b[?6h\x1b[2;3H");
  expect_restored("\x1b[3g\x1b[5G\x1bH\x1b[9G\x1bH");
  expect_restored("\x1b(0\x1b)A\x0e"
                  "abc");
  expect_restored("\x1b[>5u\x1b[=3;1u");
  expect_restored("\x1b]0;title\x07\x1b]1;icon\x07\x1b]4;3;#123456\x07\x1b]11;rgb:1/2/3\x07");
  expect_restored("\x1b]8;id=a;http://example.org\x07link");
}

TEST(snapshot, both_screens) {
  expect_restored("shell\r\n$ \x1b[?1049h\x1b[Hvim\x1b[2;3r\x1b[2;2H\x1b"
                  "7");
}

TEST(snapshot, unfinished_sequences) {
  for (const auto* end : {"\x1b", "\x1b[", "\x1b[38;5;1", "\x1b[?", "\x1b(", "\x1b]0;ti", "\x1bP$q",
                          "\xe4\xb8", "\xf0\x9f\x99", "\x1b]2;\xe4", "\x1b[1\n2"})
    expect_restored(std::string("text") + end);
}

TEST(snapshot, does_not_keep_a_viewer_waiting) {
  screen s({20, 5, 10});
  s.feed("\x1b[?2026hhalf a picture");
  EXPECT_EQ(s.snapshot(everything).find("2026"), std::string::npos);
}

TEST(snapshot, keeps_to_its_limits) {
  screen s({80, 24, 10000});
  for (int i = 0; i < 5000; ++i)
    s.feed("line " + std::to_string(i) + " \x1b[3" + std::to_string(i % 8) + "mcolour\x1b[m\r\n");
  const auto whole = s.snapshot(everything);
  const auto few = s.snapshot({10, std::size_t{1} << 30});
  const auto small = s.snapshot({10000, 20000});
  EXPECT_LT(few.size(), 3000u);
  EXPECT_LE(small.size(), 20000u);
  EXPECT_GT(small.size(), 10000u);
  EXPECT_GT(whole.size(), 100000u);
  screen restored({80, 24, 10000});
  restored.feed(few);
  EXPECT_EQ(restored.scrollback_size(), 10u);
  EXPECT_EQ(restored.screen_text(), s.screen_text());
  EXPECT_FALSE(s.snapshot({0, 0}).empty());
}

} // namespace
} // namespace roost::terminal
