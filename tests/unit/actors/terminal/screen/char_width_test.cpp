#include "actors/terminal/screen/char_width.hpp"

#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

// The whole table is compared with xterm.js' by tests/differential/widths.js.
TEST(char_width, of_examples) {
  EXPECT_EQ(char_width('a'), 1u);
  EXPECT_EQ(char_width(0xa0), 1u);
  EXPECT_EQ(char_width(0x301), 0u);   // combining acute
  EXPECT_EQ(char_width(0x4e16), 2u);  // CJK
  EXPECT_EQ(char_width(0xff57), 2u);  // full-width w
  EXPECT_EQ(char_width(0x200d), 0u);  // zero-width joiner
  EXPECT_EQ(char_width(0x1f642), 1u); // an emoji, narrow in Unicode 6
  EXPECT_EQ(char_width(0x20000), 2u);
  EXPECT_EQ(char_width(0xe0100), 0u);
  EXPECT_EQ(char_width(0x10ffff), 1u);
}

} // namespace
} // namespace roost::terminal
