#include "actors/terminal/query_reply.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/seeded_random.hpp"

namespace roost::terminal {
namespace {

const std::string_view replies[] = {
    "\x1b[?1;2c",                    // DA1
    "\x1b[?62;22;52c",               // DA1 of a newer terminal
    "\x1b[>0;276;0c",                // DA2
    "\x1bP!|00000000\x1b\\",         // DA3
    "\x1b[0n",                       // DSR: ready
    "\x1b[?997;1n",                  // DSR: colour scheme
    "\x1b[24;80R",                   // CPR
    "\x1b[1;1R",                     // CPR at home
    "\x1b[1;9R",                     // CPR on the first line, past the modifiers' range
    "\x1b[1;22R",                    //
    "\x1b[?1;2R",                    // DECXCPR is never a key
    "\x1b[?24;80;1R",                //
    "\x1b[?2026;2$y",                // DECRPM
    "\x1b[4;2$y",                    // ANSI mode report
    "\x1bP1$r0;1m\x1b\\",            // DECRPSS
    "\x1bP0$r\x1b\\",                //
    "\x1bP>|xterm(390)\x1b\\",       // XTVERSION
    "\x1bP1+r544e=787465726d\x1b\\", // XTGETTCAP
    "\x1bP2$u1/9/17\x1b\\",          // DECPSR
    "\x1bP1!~1A2B\x1b\\",            // DECRQCRA
    "\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    "\x1b]11;rgb:0000/0000/0000\a",
    "\x1b]4;1;rgb:cdcd/0000/0000\x1b\\",
    "\x1b]12;#ffffff\a",
    "\x1b]52;c;aGVsbG8=\a",
    "\x1b]lwindow title\x1b\\",
    "\x1b[?1u",                // kitty keyboard flags
    "\x1b[>4;1m",              // XTQMODKEYS
    "\x1b[4;600;800t",         // window in pixels
    "\x1b[8;24;80t",           // text area in cells
    "\x1b[6;16;8t",            // cell size
    "\x1b[48;24;80;384;640t",  // in-band resize
    "\x1b[2;1;1;128;128;1;0x", // DECREPTPARM
    "\x1b[I",                  // focus
    "\x1b[O",
    "\x1b_Gi=31;OK\x1b\\", // kitty graphics
};

const std::string_view typed[] = {
    "",
    "a",
    "\r",
    "\x1b",
    "\x1b[",
    "\x1b[A",               // Up
    "\x1bOP",               // F1
    "\x1b[1;2R",            // Shift-F3, or a cursor report: the person's
    "\x1b[1;8R",            //
    "\x1b[1;5A",            // C-Up
    "\x1b[13;2~",           // Shift-F3 of other terminals
    "\x1b[15~",             // F5
    "\x1b[97;5u",           // kitty: C-a
    "\x1b[200~0n\x1b[201~", // pasted
    "\x1b[<0;10;10M",       // mouse press
    "\x1b[<0;10;10m",       // mouse release
    "\x1b[M !!",            // X10 mouse
    "\x1b[c",               // the query, not the answer
    "\x1b[R",               //
    "\x1b[3~",              // Delete
    "\x1b[?1;2",            // cut off
    "\x1b]11;rgb:0000",     // cut off
    "\x1bP>|xterm",         // cut off
    "\x1b]11;rgb:00\x1b[A", // cut off by a key
    "\x1b]0;title\a",       // not an answer to anything
    "\x1bPq#0\x1b\\",       // sixel
    "\x1b[0n ",             // and a space
    "x\x1b[0n",
    "\x1b\x1b[0n", // M-Escape
    "\x1b[?1$p",   // a query
};

TEST(query_reply, answers_are_the_terminals) {
  for (const auto text : replies)
    EXPECT_EQ(origin_of(text), input_origin::terminal) << text.substr(1);
}

TEST(query_reply, everything_else_is_the_persons) {
  for (const auto text : typed)
    EXPECT_EQ(origin_of(text), input_origin::person) << (text.empty() ? "" : text.substr(1));
}

TEST(query_reply, several_answers_at_once_are_still_answers) {
  std::string all;
  for (const auto text : replies)
    all += text;
  EXPECT_EQ(origin_of(all), input_origin::terminal);
  EXPECT_EQ(origin_of(all + "q"), input_origin::person);
}

TEST(query_reply, a_cut_answer_is_never_taken_for_a_whole_one) {
  for (const auto text : replies)
    for (std::size_t size = 0; size < text.size(); ++size)
      EXPECT_EQ(origin_of(text.substr(0, size)), input_origin::person) << text.substr(1) << size;
}

TEST(query_reply, random_mixtures_are_judged_by_their_parts) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const std::string_view keys[] = {"a", "\r", "\x1b[A", "\x1b[1;5C", "é", "\x1b[97;5u"};
  for (int round = 0; round < 5000; ++round) {
    std::string input;
    bool has_key = false;
    for (auto parts = random.between(1, 6); parts > 0; --parts) {
      if (random.between(0, 9) == 0) {
        input += keys[random.between(0, std::size(keys) - 1)];
        has_key = true;
      } else {
        input += replies[random.between(0, std::size(replies) - 1)];
      }
    }
    ASSERT_EQ(origin_of(input), has_key ? input_origin::person : input_origin::terminal);
  }
}

} // namespace
} // namespace roost::terminal
