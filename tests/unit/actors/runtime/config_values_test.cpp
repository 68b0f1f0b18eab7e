#include "actors/runtime/config_values.hpp"

#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::config_values {
namespace {

using testing::HasSubstr;

yaml_node scalar(std::string text, bool is_quoted = false) {
  yaml_node node;
  node.type = yaml_node::kind::scalar;
  node.text = std::move(text);
  node.is_quoted = is_quoted;
  return node;
}

TEST(config_values, endpoints_are_host_and_port) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:7680"), (endpoint{.host = "127.0.0.1", .port = 7680}));
  EXPECT_EQ(parse_endpoint("[::1]:0"), (endpoint{.host = "::1", .port = 0}));
  EXPECT_EQ(parse_endpoint("nest.example:65535"),
            (endpoint{.host = "nest.example", .port = 65535}));
  for (const auto* text : {"", ":", ":80", "a", "a:", "a:65536", "a:-1", "a: 1", "::1:80", "[::1]",
                           "[]:80", "[::1:80", "a/b:80", "[zz]:80", "a b:80"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

TEST(config_values, endpoints_are_written_as_they_are_read) {
  for (const auto* text : {"127.0.0.1:7680", "[::1]:0", "nest.example:1"})
    EXPECT_EQ(to_string(parse_endpoint(text).value()), text);
}

TEST(config_values, ladders_end_with_kill_and_are_written_as_they_are_read) {
  const auto ladder = parse_ladder({"SIGINT", "500ms", "TERM", "0s", "KILL"});
  ASSERT_TRUE(ladder);
  EXPECT_EQ(show_ladder(*ladder), "[INT, 500ms, TERM, 0s, KILL]");
  EXPECT_TRUE(parse_ladder({"KILL"}));
  for (const auto& steps : std::vector<std::vector<std::string>>{
           {}, {"TERM"}, {"KILL", "1s"}, {"kill"}, {"STOP", "KILL"}, {"6m", "KILL"}, {"9", "KILL"}})
    EXPECT_FALSE(parse_ladder(steps));
  EXPECT_FALSE(parse_ladder(std::vector<std::string>(17, "KILL")));
}

TEST(config_values, origins_have_a_scheme_and_a_host_and_nothing_else) {
  for (const auto* text : {"https://a.example", "http://a:8080", "https://[::1]:443"})
    EXPECT_FALSE(check_origin(text)) << text;
  for (const auto* text : {"", "*", "null", "a.example", "https://", "https://a/", "ftp://a",
                           "https://a b", "HTTPS://a"})
    EXPECT_TRUE(check_origin(text)) << text;
}

TEST(config_values, address_blocks_are_numeric_and_their_errors_say_why) {
  for (const auto* text : {"127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"})
    EXPECT_FALSE(check_address_block(text)) << text;
  EXPECT_THAT(check_address_block("localhost").value(), HasSubstr("not an address"));
  EXPECT_THAT(check_address_block("10.0.0.1/8").value(), HasSubstr("write 10.0.0.0/8"));
}

TEST(config_values, a_mismatch_quotes_what_was_written_safely_and_briefly) {
  EXPECT_EQ(mismatch("a number", scalar("x")), "expected a number, got 'x'");
  EXPECT_EQ(mismatch("a number", scalar("5", true)), "expected a number, got '5' in quotes");
  EXPECT_EQ(mismatch("a number", yaml_node{}), "expected a number, got nothing");
  const auto long_one = mismatch("a number", scalar(std::string(10'000, 'x')));
  EXPECT_LT(long_one.size(), 120U);
  EXPECT_THAT(long_one, HasSubstr("..."));
  EXPECT_EQ(mismatch("a number", scalar("\x1b[2J")).find('\x1b'), std::string::npos);
}

TEST(config_values, numbers_and_words_are_exact) {
  EXPECT_EQ(parse_count(scalar("18446744073709551615")), 18446744073709551615U);
  for (const auto* text : {"", "+1", "-1", " 1", "1 ", "0x1", "1e3", "18446744073709551616"})
    EXPECT_FALSE(parse_count(scalar(text))) << text;
  EXPECT_EQ(parse_bool(scalar("true")), true);
  for (const auto* text : {"True", "yes", "1", "on", ""})
    EXPECT_FALSE(parse_bool(scalar(text))) << text;
}

} // namespace
} // namespace roost::config_values
