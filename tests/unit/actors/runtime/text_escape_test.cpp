#include "actors/runtime/text_escape.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost {
namespace {

std::string visible(std::string_view text) {
  std::string out;
  append_visible(out, text);
  return out;
}

std::string json(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

TEST(text_escape, shows_what_a_terminal_would_act_on) {
  EXPECT_EQ(visible("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(visible("line\nnext\r\t"), "line\\nnext\\r\\t");
  EXPECT_EQ(visible("\xc2\x9b"), "\\u{9b}");       // C1 control sequence introducer
  EXPECT_EQ(visible("\xe2\x80\xae"), "\\u{202e}"); // right-to-left override
  EXPECT_EQ(visible("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(visible("\\x"), "\\\\x");
  EXPECT_EQ(visible(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(visible("\x7f"), "\\x7f");
}

TEST(text_escape, refuses_bytes_that_are_not_utf8) {
  EXPECT_EQ(visible("\xff"), "\\xff");
  EXPECT_EQ(visible("\xc0\xaf"), "\\xc0\\xaf");          // overlong
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80"); // surrogate
  EXPECT_EQ(visible("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(visible("\xe2\x82"), "\\xe2\\x82"); // cut short
  EXPECT_EQ(json("\xff"
                 "a"),
            "\xef\xbf\xbd"
            "a");
}

TEST(text_escape, makes_json_strings) {
  EXPECT_EQ(json("a\"b\\c\nd\x01"), "a\\\"b\\\\c\\nd\\u0001");
  EXPECT_EQ(json("\xe2\x80\xa8"), "\\u2028");
}

TEST(text_escape, never_lets_a_control_byte_through) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int i = 0; i < 5'000; ++i) {
    std::string text(random.between(0, 40), '\0');
    random.fill(std::as_writable_bytes(std::span(text)));
    for (const auto& out : {visible(text), json(text)})
      for (const char c : out)
        ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
}

TEST(text_escape, makes_text_that_databases_take) {
  std::string out;
  append_storable(out, std::string_view("a\0b\xff\n\xc3\xa9\xc3", 8));
  EXPECT_EQ(out, "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd\n\xc3\xa9\xef\xbf\xbd");
}

TEST(text_escape, cuts_between_characters) {
  EXPECT_EQ(utf8_prefix("abc", 5), "abc");
  EXPECT_EQ(utf8_prefix("abc", 2), "ab");
  EXPECT_EQ(utf8_prefix("a\xe2\x82\xac", 3), "a");
  EXPECT_EQ(utf8_prefix("\x80\x80\x80", 2), "");
}

} // namespace
} // namespace roost
