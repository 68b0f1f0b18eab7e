#include "actors/database/recording/byte_scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace roost::recording {
namespace {

/// A letter for each byte: t(ext), p(ayload), w(ithin), e(nd of line), m(oves).
std::string places(std::string_view bytes) {
  byte_scanner scanner;
  std::string letters;
  for (const char byte : bytes)
    letters += "tpwem"[static_cast<int>(scanner.step(static_cast<unsigned char>(byte)))];
  return letters;
}

TEST(byte_scanner, knows_text_from_sequences) {
  EXPECT_EQ(places("ab\tc\r\n"), "ttttee");
  EXPECT_EQ(places("a\x1b[1;31mb\x1b[Kc"), "twwwwwwwtwwwt");
  EXPECT_EQ(places("a\x1b[2;5Hb"), "twwwwwmt");
  EXPECT_EQ(places("\xc3\xa4\xe4\xb8\x96"), "ttttt");
  EXPECT_EQ(places("\x1b(Ba\x0f\x07"), "wwwtww");
  EXPECT_EQ(places("\x1b"
                   "7a\bb"),
            "wmtmt");
}

TEST(byte_scanner, knows_strings_and_what_they_are_for) {
  EXPECT_EQ(places("\x1b]0;ab\x07"
                   "c"),
            "wwwwppwt");
  EXPECT_EQ(places("\x1b]633;E;x\x1b\\c"), "wwwwwwpppwwt");
  EXPECT_EQ(places("\x1bPqab\x1b\\"), "wwwppww");
  EXPECT_EQ(places("\x1b_ab\x1b\\"), "wwppww");
}

TEST(byte_scanner, knows_controls_of_two_bytes) {
  EXPECT_EQ(places("\xc2\x9b"
                   "31ma"),
            "twwwwt");
  EXPECT_EQ(places("a\xc2\x85"
                   "b"),
            "ttet");
  EXPECT_EQ(places("\xc2\xa9"), "tt");
}

TEST(byte_scanner, knows_where_something_may_be_written) {
  byte_scanner scanner;
  for (const auto& [byte, is_ground] : {std::pair{'a', true},
                                        {'\x1b', false},
                                        {'[', false},
                                        {'m', true},
                                        {'\xc2', false},
                                        {'\xa9', true}}) {
    scanner.step(static_cast<unsigned char>(byte));
    EXPECT_EQ(scanner.is_in_ground(), is_ground) << byte;
  }
}

TEST(byte_scanner, knows_what_is_about_to_be_cleared) {
  const auto clears = [](std::string_view bytes) {
    byte_scanner scanner;
    for (const char byte : bytes.substr(0, bytes.size() - 1))
      scanner.step(static_cast<unsigned char>(byte));
    return scanner.clears(bytes.back());
  };
  for (const std::string_view screen : {"\x1b[2J", "\x1b[H\x1b[02J",
                                        "\x1b"
                                        "c"})
    EXPECT_EQ(clears(screen), cleared::screen) << screen;
  EXPECT_EQ(clears("\x1b[3J"), cleared::lines);
  for (const std::string_view nothing :
       {"\x1b[22J", "\x1b[?2J", "\x1b[2;2J", "\x1b[J", "2J", "\x1b[2K", "\x1b[c", "c"})
    EXPECT_EQ(clears(nothing), cleared::nothing) << nothing;
}

TEST(byte_scanner, knows_when_a_string_is_told) {
  byte_scanner scanner;
  std::string letters;
  for (const char byte : std::string_view("a\x1b]0;t\x07"
                                          "b\x1b]2;u\x1b\\c")) {
    scanner.step(static_cast<unsigned char>(byte));
    letters += scanner.is_in_osc() ? '+' : '-';
  }
  EXPECT_EQ(letters, "--++++---++++---");
}

} // namespace
} // namespace roost::recording
