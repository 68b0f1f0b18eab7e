#include "apps/roost/query_filter.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "actors/runtime/random.hpp"
#include "tests/support/seeded_random.hpp"

namespace roost::cli {
namespace {

using namespace std::string_literals;

std::string filtered(std::string_view bytes, queries mode = queries::strip) {
  query_filter filter;
  std::string out;
  filter.feed(bytes, mode, out);
  return out;
}

// Sequences that make a terminal answer, each with the name of what asks.
const std::vector<std::pair<const char*, std::string>> asking = {
    {"ENQ", "\x05"},
    {"DECID", "\x1bZ"},
    {"DECID as U+009A", "\xc2\x9a"},
    {"DA1", "\x1b[c"},
    {"DA1 with 0", "\x1b[0c"},
    {"DA1 8-bit", "\x9b"
                  "c"},
    {"DA1 as U+009B", "\xc2\x9b"
                      "c"},
    {"DA2", "\x1b[>c"},
    {"DA2 with 0", "\x1b[>0c"},
    {"DA3", "\x1b[=c"},
    {"DSR status", "\x1b[5n"},
    {"DSR cursor", "\x1b[6n"},
    {"DECXCPR", "\x1b[?6n"},
    {"DSR colour scheme", "\x1b[?996n"},
    {"DECRQM", "\x1b[?2026$p"},
    {"DECRQM ansi", "\x1b[4$p"},
    {"DECREQTPARM", "\x1b[x"},
    {"DECREQTPARM 1", "\x1b[1x"},
    {"DECRQPSR", "\x1b[1$w"},
    {"DECRQTSR", "\x1b[1$u"},
    {"DECRQUPSS", "\x1b[&u"},
    {"DECRQCRA", "\x1b[1;1;1;1;2;2*y"},
    {"DECRQDE", "\x1b[\"v"},
    {"DECRQLP", "\x1b['|"},
    {"XTVERSION", "\x1b[>q"},
    {"XTVERSION 0", "\x1b[>0q"},
    {"XTWINOPS position", "\x1b[13t"},
    {"XTWINOPS pixels", "\x1b[14t"},
    {"XTWINOPS cells", "\x1b[18t"},
    {"XTWINOPS title", "\x1b[21t"},
    {"XTSMGRAPHICS", "\x1b[?1;1;0S"},
    {"XTQMODKEYS", "\x1b[?4m"},
    {"XTREPORTCOLORS", "\x1b[#R"},
    {"XTREPORTSGR", "\x1b[1;1;2;2#|"},
    {"kitty keyboard", "\x1b[?u"},
    {"DECRQSS", "\x1bP$qm\x1b\\"},
    {"DECRQSS 8-bit", "\x90$qm\x9c"},
    {"XTGETTCAP", "\x1bP+q544e\x1b\\"},
    {"XTGETXRES", "\x1bP+Q66\x1b\\"},
    {"kitty remote control", "\x1bP@kitty-cmd{}\x1b\\"},
    {"OSC palette", "\x1b]4;1;?\x07"},
    {"OSC palette among others", "\x1b]4;1;rgb:00/00/00;2;?\x1b\\"},
    {"OSC foreground", "\x1b]10;?\x1b\\"},
    {"OSC background", "\x1b]11;?\x07"},
    {"OSC cursor colour", "\x1b]12;?\x9c"},
    {"OSC as U+009D", "\xc2\x9d"
                      "11;?\xc2\x9c"},
    {"OSC highlight", "\x1b]19;?\x07"},
    {"OSC kitty colours", "\x1b]21;foreground=?\x1b\\"},
    {"OSC pointer shape", "\x1b]22;?__current__\x1b\\"},
    {"OSC font", "\x1b]50;?\x07"},
    {"OSC clipboard", "\x1b]52;c;?\x07"},
    {"OSC features", "\x1b]60\x07"},
    {"OSC kitty notification", "\x1b]99;i=1:p=?;\x1b\\"},
    {"OSC kitty clipboard", "\x1b]5522;type=read;dGV4dA==\x1b\\"},
    {"iTerm2 cell size", "\x1b]1337;ReportCellSize\x07"},
    {"iTerm2 variable", "\x1b]1337;ReportVariable=c2Vzc2lvbg==\x07"},
    {"kitty graphics question", "\x1b_Gi=1,a=q,q=2;AAAA\x1b\\"},
    {"kitty graphics with answer", "\x1b_Gf=24,s=1,v=1;AAAA\x1b\\"},
};

// Sequences that must come through, most of them near relatives of the ones above.
const std::vector<std::string> silent = {
    "plain text, tabs\tand\r\nlines",
    "żółć 漢字 🙂 \xc2\xa0\xc3\xbf",
    "\x1b[1;31mred\x1b[0m",
    "\x1b[2J\x1b[H\x1b[?25l\x1b[?1049h",
    "\x1b[?1c", // the Linux console's cursor
    "\x1b[>4;2m\x1b[>4n",
    "\x1b[>1u\x1b[=5;1u\x1b[<u\x1b[u\x1b[s",
    "\x1b[2 q\x1b[1\"q\x1b[!p\x1b[61\"p",
    "\x1b[8;24;80t\x1b[22;0t\x1b[23;0t\x1b[2t",
    "\x1b[3S\x1b[2T",
    "\x1b(0lqk\x1b(B\x1b=\x1b>\x1b"
    "7\x1b"
    "8\x1b#8\x1b%G\x1b"
    "c",
    "\x1b]0;title\x07\x1b]2;title?\x1b\\",
    "\x1b]4;1;rgb:ff/00/00\x07\x1b]11;#000000\x07\x1b]104\x07",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]7;file://host/tmp\x1b\\\x1b]133;A\x07\x1b]8;;http://x/?q\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]1337;File=inline=1:AAAA\x07\x1b]1337;SetMark\x07",
    "\x1b]99;i=1:d=0;hello\x1b\\",
    "\x1bPq#0;2;0;0;0#0~~@@vv$\x1b\\", // sixel
    "\x1bP1$tx\x1b\\",
    "\x1b_Gq=2,f=24,s=1,v=1;AAAA\x1b\\",
    "\x1b^privacy\x1b\\\x1bXstart\x1b\\",
    "\x1b[3\x18text",
    "\x1b]0;broken\x18text\x1b]2;off\x1b[1m",
    "\xff\xfe\xc2 stray \xe6\x9d bytes \xf0\x9f",
};

TEST(query_filter, takes_every_query_out) {
  for (const auto& [name, query] : asking) {
    EXPECT_EQ(filtered("a" + query + "b"), "ab") << name;
    EXPECT_EQ(filtered("a" + query + "b", queries::pass), "a" + query + "b") << name;
  }
}

TEST(query_filter, leaves_everything_else_alone) {
  for (const auto& text : silent) {
    // A string at the very end may be held back, so something follows.
    EXPECT_EQ(filtered(text + "."), text + ".");
    EXPECT_EQ(filtered(text + ".", queries::pass), text + ".");
  }
}

TEST(query_filter, a_query_inside_a_query_or_sequence_does_not_hide) {
  EXPECT_EQ(filtered("\x1b[6\x05n!"), "!");
  EXPECT_EQ(filtered("\x1b\x05Z!"), "!");
  EXPECT_EQ(filtered("\x1b[1;2\x1b[6n!"), "\x1b[1;2!");
  EXPECT_EQ(filtered("\x1b]0;t\x1b[6n!"), "\x1b]0;t!");
  EXPECT_EQ(filtered("\x1b]11;\x1b]11;?\x07!"), "\x1b]11;!");
  EXPECT_EQ(filtered("\xe6\x1b[6n!"), "\xe6!");
  EXPECT_EQ(filtered("\x1b[6\nn!"), "\n!");
  // What tmux would pass through: its wrapper is dropped, and what is inside is looked at, too.
  EXPECT_EQ(filtered("\x1bPtmux;\x1b\x1b[6n\x1b\\!"), "\x1b\x1b\\!");
}

TEST(query_filter, long_sequences_are_not_held_for_ever) {
  const std::string params(10'000, ';');
  EXPECT_EQ(filtered("\x1b[" + params + "c!"), "!");
  EXPECT_EQ(filtered("\x1b[" + params + "c!", queries::pass), "\x1b[" + params + "c!");
  const std::string data(100'000, 'A');
  const auto picture = "\x1bPq" + data + "\x1b\\";
  EXPECT_EQ(filtered(picture), picture);
  const auto copy = "\x1b]52;c;" + data + "\x07";
  EXPECT_EQ(filtered(copy), copy);
  EXPECT_EQ(filtered("\x1b]10;" + data + "\x07!"), "!");

  query_filter filter;
  std::string out;
  filter.feed("\x1bPq", queries::strip, out);
  filter.feed(data, queries::strip, out);
  EXPECT_EQ(out.size(), data.size() + 3) << "a string that is let through is not collected";
}

// Whatever the chunks, the result is the same.
TEST(query_filter, does_not_depend_on_where_the_stream_is_cut) {
  std::string all;
  std::string expected;
  for (std::size_t i = 0; i < std::max(asking.size(), silent.size()); ++i) {
    all += asking[i % asking.size()].second + silent[i % silent.size()] + ".";
    expected += silent[i % silent.size()] + ".";
  }
  EXPECT_EQ(filtered(all), expected);
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    query_filter filter;
    std::string out;
    filter.feed(std::string_view(all).substr(0, cut), queries::strip, out);
    filter.feed(std::string_view(all).substr(cut), queries::strip, out);
    ASSERT_EQ(out, expected) << "cut at " << cut;
  }
  query_filter bytewise;
  std::string out;
  for (const char c : all)
    bytewise.feed({&c, 1}, queries::strip, out);
  EXPECT_EQ(out, expected);
}

TEST(query_filter, random_bytes_pass_unchanged_in_pass_mode) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  constexpr std::string_view alphabet = "\x1b[]P_^X\\;?0123c\x05\x07\x18\xc2\x9b\x9c\x90nq$+mG aé";
  for (int round = 0; round < 2000; ++round) {
    std::string all;
    for (auto size = random.between(0, 60); size > 0; --size)
      all += alphabet[random.between(0, alphabet.size() - 1)];
    query_filter filter;
    std::string out;
    for (std::size_t at = 0; at < all.size();) {
      const auto size = random.between(1, 7);
      filter.feed(std::string_view(all).substr(at, size), queries::pass, out);
      at += size;
    }
    // Ends whatever is open, so that nothing stays held back.
    filter.feed("\x18", queries::pass, out);
    // Controls inside a sequence act at once and so come before it; all bytes are there.
    std::string sorted_in = all + "\x18";
    std::string sorted_out = out;
    std::ranges::sort(sorted_in);
    std::ranges::sort(sorted_out);
    ASSERT_EQ(sorted_out, sorted_in) << testing::PrintToString(all);
  }
}

TEST(query_filter, judges_by_the_mode_of_the_moment) {
  query_filter filter;
  std::string out;
  filter.feed("\x1b[6", queries::strip, out);
  filter.feed("n\x1b[6", queries::pass, out);
  filter.feed("n", queries::strip, out);
  EXPECT_EQ(out, "\x1b[6n");
}

TEST(query_filter, knows_when_others_may_write_in_between) {
  query_filter filter;
  std::string out;
  EXPECT_TRUE(filter.may_interleave());
  filter.feed("text", queries::strip, out);
  EXPECT_TRUE(filter.may_interleave());
  filter.feed("\xe6", queries::strip, out);
  EXPECT_FALSE(filter.may_interleave()) << "half a character is on the screen";
  filter.feed("\x9d\xb1", queries::strip, out);
  EXPECT_TRUE(filter.may_interleave());
  filter.feed("\x1b[1;", queries::strip, out);
  EXPECT_TRUE(filter.may_interleave()) << "the sequence is held back whole";
  filter.feed("3m\x1bPq~~", queries::strip, out);
  EXPECT_FALSE(filter.may_interleave()) << "a picture is on its way";
  filter.feed("\x1b\\", queries::strip, out);
  EXPECT_TRUE(filter.may_interleave());
  filter.feed("\x1b]0;ti", queries::strip, out);
  EXPECT_FALSE(filter.may_interleave());
  filter.reset();
  EXPECT_TRUE(filter.may_interleave());
}

} // namespace
} // namespace roost::cli
