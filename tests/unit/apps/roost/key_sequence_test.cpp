#include "apps/roost/key_sequence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::cli {
namespace {

using testing::HasSubstr;

detach_matcher matcher(std::string_view keys = "Ctrl-\\ d") {
  return detach_matcher(*parse_detach_sequence(keys));
}

struct fed {
  std::string out;
  key_wish wish = key_wish::none;
};

fed feed(detach_matcher& to, std::initializer_list<std::string_view> chunks) {
  fed result;
  for (const auto chunk : chunks)
    if (result.wish == key_wish::none)
      result.wish = to.feed(chunk, result.out);
  return result;
}

TEST(detach_sequence, reads_the_usual_ways_to_write_a_key) {
  for (const auto* const text : {"Ctrl-\\ d", "C-\\ d", "^\\ d", "  ctrl-\\   d "}) {
    const auto sequence = parse_detach_sequence(text);
    ASSERT_TRUE(sequence) << text;
    EXPECT_EQ(sequence->shown, "Ctrl-\\ d") << text;
  }
  EXPECT_EQ(parse_detach_sequence("C-A")->keys.front(), (detach_key{U'a', true}));
  EXPECT_EQ(parse_detach_sequence("^]")->keys.size(), 1U);
}

TEST(detach_sequence, refuses_what_could_not_work) {
  for (const auto* const text : {"", "d", "d C-a", "C-a b c", "C-", "Ctrl-1", "F1", "C-é"}) {
    const auto sequence = parse_detach_sequence(text);
    ASSERT_FALSE(sequence) << text;
    EXPECT_EQ(sequence.error().exit, exit_status::usage);
    EXPECT_THAT(to_line(sequence.error()), HasSubstr("Ctrl-\\ d"));
  }
}

TEST(detach_matcher, detaches_on_both_keys_in_one_or_two_chunks) {
  auto one = matcher();
  EXPECT_EQ(feed(one, {"ls\x1c"
                       "drest"})
                .wish,
            key_wish::detach);
  auto two = matcher();
  const auto result = feed(two, {"ls\x1c", "d"});
  EXPECT_EQ(result.wish, key_wish::detach);
  EXPECT_EQ(result.out, "ls");
}

TEST(detach_matcher, gives_other_keys_after_the_first_to_the_session) {
  auto keys = matcher();
  EXPECT_EQ(feed(keys, {"\x1c", "x"}).out, "\x1cx");
  EXPECT_FALSE(keys.is_waiting());
}

TEST(detach_matcher, sends_the_first_key_once_when_pressed_twice) {
  auto keys = matcher();
  const auto result = feed(keys, {"\x1c", "\x1c", "d"});
  EXPECT_EQ(result.out, "\x1c"
                        "d");
  EXPECT_EQ(result.wish, key_wish::none);
}

TEST(detach_matcher, waits_for_the_second_key_until_flushed) {
  auto keys = matcher();
  EXPECT_EQ(feed(keys, {"\x1c"}).out, "");
  EXPECT_TRUE(keys.is_waiting());
  std::string out;
  keys.flush(out);
  EXPECT_EQ(out, "\x1c");
  EXPECT_FALSE(keys.is_waiting());
}

// A program that switches the kitty keyboard protocol on changes what Ctrl-\ sends.
TEST(detach_matcher, knows_the_encodings_of_modern_keyboards) {
  for (const auto* const first : {"\x1b[92;5u", "\x1b[92:124;5u", "\x1b[92;5:1u", "\x1b[92;69u",
                                  "\x1b[92;133u", "\x1b[27;5;92~"})
    for (const auto* const second : {"d", "\x1b[100u", "\x1b[100;1:1u", "\x1b[100;129u"}) {
      auto keys = matcher();
      const auto result = feed(keys, {first, second});
      EXPECT_EQ(result.wish, key_wish::detach) << first + 1 << " " << second;
      EXPECT_EQ(result.out, "");
    }
}

TEST(detach_matcher, key_releases_and_modifier_keys_do_not_disturb) {
  auto keys = matcher();
  const auto result =
      feed(keys, {"\x1b[57442;5u", "\x1b[92;5u", "\x1b[92;5:3u", "\x1b[57442;5:3u", "d"});
  EXPECT_EQ(result.wish, key_wish::detach);
  EXPECT_EQ(result.out, "\x1b[57442;5u");
}

TEST(detach_matcher, other_modifiers_are_other_keys) {
  auto keys = matcher();
  EXPECT_EQ(feed(keys, {"\x1b[92;6u", "d"}).wish, key_wish::none);
  EXPECT_EQ(feed(keys, {"\x1b[92;7u", "d"}).out, "\x1b[92;7ud");
}

TEST(detach_matcher, ignores_pasted_text) {
  auto keys = matcher();
  const auto result = feed(keys, {"\x1b[200~a\x1c"
                                  "d",
                                  "\x1c"
                                  "d\x1b[201~"});
  EXPECT_EQ(result.wish, key_wish::none);
  EXPECT_EQ(result.out.size(), 6U + 3 + 2 + 6);
  EXPECT_EQ(feed(keys, {"\x1c"
                        "d"})
                .wish,
            key_wish::detach);
}

TEST(detach_matcher, a_single_key_detaches_at_once) {
  auto keys = matcher("^]");
  const auto result = feed(keys, {"a\x1d"
                                  "b"});
  EXPECT_EQ(result.wish, key_wish::detach);
  EXPECT_EQ(result.out, "a");
}

TEST(detach_matcher, passes_everything_else_unchanged) {
  std::string all;
  for (int i = 0; i < 256; ++i)
    if (i != 0x1c)
      all += static_cast<char>(i);
  all += "\x1b[A\x1bOP\x1b[<0;3;4M\x1b[1;5C\x1b";
  auto keys = matcher();
  std::string out;
  EXPECT_EQ(keys.feed(all, out), key_wish::none);
  EXPECT_EQ(out, all);
}

} // namespace
} // namespace roost::cli
