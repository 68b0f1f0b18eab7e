#include "actors/terminal/screen/color.hpp"

#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

TEST(color, parses_what_programs_send) {
  EXPECT_EQ(parse_color("rgb:ff/80/00"), 0xff8000u);
  EXPECT_EQ(parse_color("RGB:f/8/0"), 0xff8800u);
  EXPECT_EQ(parse_color("rgb:ffff/8080/0000"), 0xff8000u);
  EXPECT_EQ(parse_color("#ff8000"), 0xff8000u);
  EXPECT_EQ(parse_color("#f80"), 0xf08000u);
  EXPECT_EQ(parse_color("#fff888000"), 0xff8800u);
}

TEST(color, refuses_the_rest) {
  for (const auto* text : {"", "red", "rgb:", "rgb:ff/80", "rgb:ff/8/00", "rgb:fffff/0/0", "#",
                           "#12", "#12345g", "rgb:gg/00/00", "?"})
    EXPECT_FALSE(parse_color(text)) << text;
}

TEST(color, is_written_with_sixteen_bits) {
  EXPECT_EQ(format_color(0x12ab00), "rgb:1212/abab/0000");
  EXPECT_EQ(parse_color(format_color(0x12ab00)), 0x12ab00u);
}

TEST(color, default_palette) {
  EXPECT_EQ(default_palette_color(1), 0xcc0000u);
  EXPECT_EQ(default_palette_color(16), 0x000000u);
  EXPECT_EQ(default_palette_color(231), 0xffffffu);
  EXPECT_EQ(default_palette_color(232), 0x080808u);
  EXPECT_EQ(default_palette_color(255), 0xeeeeeeu);
}

} // namespace
} // namespace roost::terminal
