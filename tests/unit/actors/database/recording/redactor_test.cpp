#include "actors/database/recording/redactor.hpp"

#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roost::recording {
namespace {

using namespace test;

std::shared_ptr<const redaction> patterns(const std::vector<std::string>& list) {
  auto made = redaction::make(list);
  EXPECT_TRUE(made) << (made ? "" : made.error().detail);
  return made ? *made : nullptr;
}

std::string redacted(const std::vector<std::string>& list, std::string_view text,
                     std::size_t piece = 1'000'000) {
  redactor tested(patterns(list));
  std::string out;
  const auto to = [&out](moment, std::string_view bytes) { out += bytes; };
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    tested.feed(at(0), text.substr(0, piece), to);
  tested.flush(to);
  return out;
}

std::string why_not(const std::vector<std::string>& list) {
  auto made = redaction::make(list);
  EXPECT_FALSE(made);
  if (made)
    return {};
  EXPECT_TRUE(made.error().is(setup_error::bad_configuration));
  return made.error().detail;
}

TEST(redaction, says_which_pattern_is_wrong_and_how) {
  EXPECT_EQ(why_not({"a", "(b"}),
            "recording.redact[1]: \"(b\" is not a regular expression (RE2): missing ): (b");
  EXPECT_NE(why_not({"b)"}).find("recording.redact[0]"), std::string::npos);
  EXPECT_NE(why_not({"b)(?:"}).find("recording.redact[0]"), std::string::npos);
  EXPECT_NE(why_not({"a*"}).find("matches the empty text"), std::string::npos);
  EXPECT_NE(why_not({""}).find("is empty"), std::string::npos);
  EXPECT_NE(why_not({std::string(5000, 'x')}).find("longer than 4096"), std::string::npos);
  EXPECT_LT(why_not({std::string(5000, 'x')}).size(), 300U);
  EXPECT_NE(why_not({"(?=x)"}).find("(RE2)"), std::string::npos);
  EXPECT_NE(why_not(std::vector<std::string>(65, "x")).find("at most 64"), std::string::npos);
}

TEST(redaction, none_is_empty) { EXPECT_TRUE(patterns({})->empty()); }

TEST(redaction, of_a_text_by_itself) {
  EXPECT_EQ(patterns({"pass=\\S+", "s b"})->apply("a pass=s b"), "a ********");
}

TEST(redactor, replaces_each_byte_of_a_match) {
  EXPECT_EQ(redacted({"token=\\w+"}, "a token=abc b\n"), "a ********* b\n");
  EXPECT_EQ(redacted({"\\d{4}"}, "12345 1234\n"), "****5 ****\n");
  EXPECT_EQ(redacted({"^x$"}, "x\r\nxx\r\nx"), "*\r\nxx\r\n*");
}

TEST(redactor, patterns_see_what_was_written_and_not_each_other) {
  EXPECT_EQ(redacted({"ab", "bc"}, "abc\n"), "***\n");
}

TEST(redactor, a_character_goes_as_a_whole) {
  EXPECT_EQ(redacted({"key: \\S+"}, "key: \xc3\xa4\xe4\xb8\x96 .\n"), "********** .\n");
  EXPECT_EQ(redacted({"k\\C"}, "k\xe4\xb8\x96.\n"), "****.\n");
}

TEST(redactor, matches_through_colours_and_leaves_them_whole) {
  EXPECT_EQ(redacted({"secret"}, "\x1b[31mse\x1b[1;32m\x1b[Kcr\x1b[met\n"),
            "\x1b[31m**\x1b[1;32m\x1b[K**\x1b[m**\n");
  EXPECT_EQ(redacted({"\\d+"}, "\x1b[31m7\x1b[38;5;1m\n"), "\x1b[31m*\x1b[38;5;1m\n");
  EXPECT_EQ(redacted({"\\d+"}, "\xc2\x9b"
                               "31m7\n"),
            "\xc2\x9b"
            "31m*\n");
}

TEST(redactor, looks_into_titles_and_what_else_the_terminal_is_told) {
  EXPECT_EQ(redacted({"pass\\w+", "\\d"}, "a\x1b]0;1 password\x07"
                                          "b\n"),
            "a\x1b]0;* ********\x07"
            "b\n");
  EXPECT_EQ(redacted({"hunter2"}, "\x1b]633;E;login hunter2\x1b\\"),
            "\x1b]633;E;login *******\x1b\\");
  EXPECT_EQ(redacted({"ab"}, "a\x1b]0;x\x07"
                             "b"),
            "*\x1b]0;x\x07*");
}

TEST(redactor, text_elsewhere_on_the_screen_is_another_line) {
  EXPECT_EQ(redacted({"\\bkey\\b"}, "x\x1b[5;1Hkey\x1b[6;1Hy"), "x\x1b[5;1H***\x1b[6;1Hy");
  EXPECT_EQ(redacted({"a\\s*b", "(?s)a.b", "a[^x]b"}, "a\nb\n"), "a\nb\n");
}

TEST(redactor, an_unfinished_line_waits_and_keeps_its_times) {
  redactor tested(patterns({"secret"}));
  std::vector<std::pair<std::int64_t, std::string>> out;
  const auto to = [&out](moment when, std::string_view bytes) {
    out.emplace_back(
        std::chrono::duration_cast<std::chrono::milliseconds>(when.steady - at(0).steady).count(),
        bytes);
  };
  EXPECT_FALSE(tested.due());
  tested.feed(at(10), "sec", to);
  tested.feed(at(20), "r", to);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(tested.due(), at(260).steady);
  tested.feed(at(30), "et\nmore", to);
  using list = std::vector<std::pair<std::int64_t, std::string>>;
  EXPECT_EQ(out, (list{{10, "***"}, {20, "*"}, {30, "**\n"}}));
  EXPECT_EQ(tested.due(), at(280).steady);
  tested.flush(to);
  EXPECT_EQ(out.back(), (std::pair<std::int64_t, std::string>{30, "more"}));
  EXPECT_FALSE(tested.due());
}

TEST(redactor, finds_in_a_line_of_any_length_and_holds_little_of_it) {
  redactor tested(patterns({"<\\w+>"}));
  const std::string secret = "<" + std::string(redactor::max_match - 2, 's') + ">";
  std::string line;
  for (int i = 0; i < 40; ++i)
    line += std::string(static_cast<std::size_t>(i) * 37, '.') + secret;
  std::string out;
  for (const char byte : line) {
    tested.feed(at(0), {&byte, 1}, [&out](moment, std::string_view bytes) { out += bytes; });
    ASSERT_FALSE(tested.due() && out.find('s') != std::string::npos);
  }
  EXPECT_GE(out.size(), line.size() - redactor::max_held);
  tested.flush([&out](moment, std::string_view bytes) { out += bytes; });
  EXPECT_EQ(out.find('s'), std::string::npos);
  EXPECT_EQ(out.size(), line.size());
}

TEST(redactor, a_match_at_the_edge_of_what_is_held_hides_none_that_overlaps_it) {
  const std::string text = std::string(1500, '.') + std::string(1000, 'x') + std::string(100, 'y') +
                           std::string(1000, 'z') + std::string(500, 'z') + "!";
  std::string expected = text;
  std::fill(expected.begin() + 1500, expected.end() - 1, '*');
  // At the 4097th byte the first pattern has matched, and the second has not yet.
  EXPECT_EQ(redacted({"x{1000}y{100}", "y{100}z{1000}z{500}"}, text, 1), expected);
}

TEST(redactor, a_match_longer_than_all_that_is_held_goes_in_parts) {
  const std::string text = "<" + std::string(100'000, 's');
  const auto out = redacted({"<s+"}, text, 1000);
  EXPECT_EQ(out.size(), text.size());
  EXPECT_EQ(out.find_first_not_of('*'), out.find('s')); // its beginning at least
  EXPECT_GT(out.find('s'), redactor::max_match);
}

} // namespace
} // namespace roost::recording
