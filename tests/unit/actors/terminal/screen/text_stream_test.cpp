#include "actors/terminal/screen/text_stream.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

std::string plain(std::string_view bytes) {
  text_stream stream;
  stream.feed(bytes);
  return stream.finish();
}

TEST(text_stream, strips_sequences) {
  EXPECT_EQ(plain("\x1b[1;31merror:\x1b[0m no\r\n\x1b]0;t\x07 caf\xc3\xa9\r\n"),
            "error: no\n caf\xc3\xa9\n");
}

TEST(text_stream, overwrites_within_the_line) {
  EXPECT_EQ(plain(" 10%\r 50%\r100%\r\n"), "100%\n");
  EXPECT_EQ(plain("abcdef\rxy\x1b[K\r\n"), "xy\n");
  EXPECT_EQ(plain("ab\b\bxy\r\n"), "xy\n");
  EXPECT_EQ(plain("caf\xc3\xa9\b\x1b[K!\r\n"), "caf!\n");
  EXPECT_EQ(plain("abc\x1b[2Dx\r\n"), "axc\n");
  EXPECT_EQ(plain("\x1b[5Gx\r\n"), "    x\n");
  EXPECT_EQ(plain("abcd\x1b[2G\x1b[2P\r\n"), "ad\n");
}

TEST(text_stream, other_rows_are_other_lines) { EXPECT_EQ(plain("a\x1b[5;1Hb\x1b[Hc"), "a\nb\nc"); }

TEST(text_stream, gives_the_unfinished_line) {
  text_stream stream;
  stream.feed("one\ntw");
  EXPECT_EQ(stream.take(), "one\n");
  EXPECT_EQ(stream.line(), "tw");
  stream.feed("o\xc3");
  stream.feed("\xa9\n");
  EXPECT_EQ(stream.take(), "two\xc3\xa9\n");
  EXPECT_EQ(stream.line(), "");
}

TEST(text_stream, is_bounded) {
  text_stream stream;
  for (int i = 0; i < 100; ++i) {
    stream.feed(std::string(10000, 'x'));
    EXPECT_LE(stream.line().size(), text_stream::max_line);
    stream.take();
  }
  stream.feed("\x1b[2147483647C\x1b[2147483647Gx");
  EXPECT_LE(stream.line().size(), text_stream::max_line);
}

} // namespace
} // namespace roost::terminal
