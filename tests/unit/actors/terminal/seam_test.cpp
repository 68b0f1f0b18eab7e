#include "actors/terminal/seam.hpp"

#include "actors/terminal/screen/screen.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/support/terminal_output.hpp"

#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <string>
#include <vector>

namespace roost::terminal {
namespace {

/// What the server does between two programs.
void put_seam(screen& shown, const std::string& text) {
  shown.feed(seam_reset(shown.alternate()));
  seam_place place{shown.cursor().row, shown.cursor().col, shown.rows() - 1};
  while (place.last_row >= 0 && shown.line_text(place.last_row).empty())
    --place.last_row;
  shown.feed(seam_line(place, text));
}

std::string replaced(const std::string& text, const char* pattern, const char* by) {
  return std::regex_replace(text, std::regex(pattern), by);
}

/// Of a dump, what the next program's output depends on: the normal screen's margins and all that
/// belongs to no screen. Not the title, which is the session's; not what is the alternate screen's
/// own while it is not shown, and that a viewer would have to show to change; not tab stops.
std::string state_of(const screen& s) {
  const auto all = s.dump();
  const auto margins = all.find("margins ");
  auto state = all.substr(margins, all.find(" saved", margins) - margins) + "\n";
  state += all.substr(all.rfind("cursor "));
  state = replaced(state, "cursor \\d+,\\d+", "cursor");
  state = replaced(state, "title [^\n]*\nicon [^\n]*\n", "");
  return replaced(state, "keyboard[^\n]*\npending", "keyboard\npending");
}

/// What the screens and the scrollback show, in order, without blank lines.
std::vector<std::string> text_of(const screen& s) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < s.scrollback_size(); ++i)
    lines.push_back(s.scrollback_line_text(i));
  for (int row = 0; row < s.rows(); ++row)
    lines.push_back(s.line_text(row));
  std::erase(lines, "");
  return lines;
}

std::string random_garbage(std::mt19937& random) {
  const std::vector<std::string> more = {"\x1b[?1002h\x1b[?1006h",
                                         "\x1b[?1003h\x1b[?1016h",
                                         "\x1b[?9h",
                                         "\x1b[?1005;1015h",
                                         "\x1b[?1004h",
                                         "\x1b[?2004h",
                                         "\x1b[?2026h",
                                         "\x1b[?7l",
                                         "\x1b[?66h",
                                         "\x1b=",
                                         "\x1b[20h",
                                         "\x1b[3;5r",
                                         "\x1b[?6h",
                                         "\x1b(0\x0e",
                                         "\x1b)0\x0f",
                                         "\x1b[4 q",
                                         "\x1b]4;3;#102030\x07",
                                         "\x1b]10;#ffffff\x1b\\",
                                         "\x1b]12;red\x07",
                                         "\x1b[>5u",
                                         "\x1b[=3;1u",
                                         "\x1b[?25l",
                                         "\x1b]8;;http://x/\x07",
                                         "\x1b[1\"q",
                                         "\x1b[4h",
                                         "\x1b[?47h",
                                         "\x1b[?1049h"};
  const std::vector<std::string> halves = {
      "",         "\x1b",     "\x1b[",          "\x1b[38;5;", "\x1b]2;half",  "\x1bP1;2|half",
      "\xe4\xb8", "\x1b_abc", "\x1b]8;;http:/", "\x1b(",      "\x1b]2;x\x1b", "\x1bPq#0\x1b"};
  std::string out;
  for (auto pieces = random() % 12; pieces > 0; --pieces) {
    out += test::random_output(random, static_cast<int>(random() % 6));
    out += more[random() % more.size()];
  }
  return out + halves[random() % halves.size()];
}

TEST(seam, a_plain_line_below_the_text) {
  screen shown({40, 10, 100});
  shown.feed("one\r\ntwo");
  put_seam(shown, "why");
  shown.feed("three");
  EXPECT_EQ(text_of(shown), (std::vector<std::string>{"one", "two", "[roost: why]", "three"}));
  EXPECT_EQ(shown.line_text(2), "[roost: why]") << "without a blank line";
}

TEST(seam, no_line_where_none_is_needed) {
  screen shown({40, 10, 100});
  put_seam(shown, "first");
  shown.feed("x\r\n");
  put_seam(shown, "second");
  EXPECT_EQ(shown.line_text(0), "[roost: first]");
  EXPECT_EQ(shown.line_text(2), "[roost: second]");
}

TEST(seam, text_below_the_cursor_is_not_overwritten) {
  for (const char* home : {"\x1b[H", "\x1b[2;5H", "\x1b[1;3r\x1b[2;1H", "\r"}) {
    screen shown({40, 5, 100});
    shown.feed("one\r\ntwo\r\nthree\r\nfour\r\nfive");
    shown.feed(home);
    put_seam(shown, "why");
    shown.feed("next");
    EXPECT_EQ(text_of(shown), (std::vector<std::string>{"one", "two", "three", "four", "five",
                                                        "[roost: why]", "next"}))
        << testing::PrintToString(std::string(home));
  }
}

TEST(seam, out_of_the_alternate_screen_however_it_was_entered) {
  for (const char* enter : {"\x1b[?1049h", "\x1b[?47h", "\x1b[?1047h"}) {
    screen shown({40, 8, 100});
    shown.feed("one\r\ntwo");
    shown.feed(enter);
    shown.feed("\x1b[2J\x1b[7;7Hpicture\x1b[>1u\x1b[2;4r");
    put_seam(shown, "why");
    EXPECT_FALSE(shown.alternate());
    EXPECT_EQ(text_of(shown), (std::vector<std::string>{"one", "two", "[roost: why]"})) << enter;
    shown.feed("\x1b[?1049h");
    EXPECT_EQ(shown.dump().find("keyboard 1"), std::string::npos);
  }
}

TEST(seam, whatever_was_left_behind_is_gone_and_the_text_stays) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  for (int round = 0; round < 3'000; ++round) {
    const screen_config config{12 + static_cast<int>(random() % 40),
                               2 + static_cast<int>(random() % 10), 10'000};
    const auto garbage = random_garbage(random);
    SCOPED_TRACE(testing::PrintToString(garbage));
    screen fresh(config);
    put_seam(fresh, "x");
    screen shown(config);
    shown.feed(garbage);
    const bool was_alternate = shown.alternate();
    const auto before = text_of(shown);
    put_seam(shown, "x");
    ASSERT_EQ(state_of(shown), state_of(fresh));
    ASSERT_EQ(shown.alternate(), false);
    ASSERT_EQ(shown.cursor().col, 0);
    auto after = text_of(shown);
    ASSERT_EQ(after.back(), "[roost: x]");
    after.pop_back();
    if (!was_alternate) {
      ASSERT_EQ(after, before);
    }
    // The next program's text stands alone, in no colour.
    shown.feed("next");
    ASSERT_EQ(shown.line_text(shown.cursor().row), "next");
    const auto drawn = shown.screen_ansi();
    ASSERT_NE(("\n" + drawn).find("\nnext\n"), std::string::npos) << drawn;
  }
}

} // namespace
} // namespace roost::terminal
