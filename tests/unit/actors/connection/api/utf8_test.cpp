#include "actors/connection/api/utf8.hpp"

#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

TEST(utf8, valid_text_stays_as_it_is) {
  for (const std::string text : {"", "plain", "é", "€", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_valid_utf8(text));
    EXPECT_EQ(valid_utf8(text), text);
  }
  EXPECT_TRUE(is_valid_utf8(std::string_view("a\0b", 3)));
}

TEST(utf8, each_stray_byte_becomes_a_replacement_character) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(valid_utf8("a\xff"), "a" + mark);
  EXPECT_EQ(valid_utf8("\x80z"), mark + "z");
  EXPECT_EQ(valid_utf8("\xc3"), mark) << "cut at the end";
  EXPECT_EQ(valid_utf8("\xe2\x82z"), mark + mark + "z") << "cut in the middle";
  EXPECT_EQ(valid_utf8("\xc0\xaf"), mark + mark) << "overlong";
  EXPECT_EQ(valid_utf8("\xe0\x80\x80"), mark + mark + mark) << "overlong";
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), mark + mark + mark) << "a surrogate";
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), mark + mark + mark + mark) << "beyond U+10FFFF";
  EXPECT_EQ(valid_utf8("\xf0\x8f\xbf\xbf"), mark + mark + mark + mark) << "overlong";
}

} // namespace
} // namespace roost::connection::api
