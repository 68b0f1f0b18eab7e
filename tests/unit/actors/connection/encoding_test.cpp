#include "actors/connection/encoding.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes;
  for (const char c : text)
    bytes.push_back(static_cast<std::byte>(c));
  return bytes;
}

TEST(encoding, hex_goes_there_and_back) {
  const auto bytes = bytes_of(std::string_view("\x00\xff\x7f", 3));
  EXPECT_EQ(to_hex(bytes), "00ff7f");
  EXPECT_EQ(from_hex("00fF7f"), bytes);
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("0x"));
}

TEST(encoding, base64url_is_that_of_rfc_4648) {
  EXPECT_EQ(to_base64url(bytes_of("")), "");
  EXPECT_EQ(to_base64url(bytes_of("f")), "Zg");
  EXPECT_EQ(to_base64url(bytes_of("fo")), "Zm8");
  EXPECT_EQ(to_base64url(bytes_of("foo")), "Zm9v");
  EXPECT_EQ(to_base64url(bytes_of("\xfb\xff")), "-_8");
}

TEST(encoding, percent_decoding_refuses_what_it_cannot_read) {
  EXPECT_EQ(percent_decode("a%20b%C3%A4"), "a b\xc3\xa4");
  EXPECT_FALSE(percent_decode("a%2"));
  EXPECT_FALSE(percent_decode("a%"));
  EXPECT_FALSE(percent_decode("%zz"));
  EXPECT_FALSE(percent_decode("%00"));
}

TEST(encoding, query_is_read_in_order) {
  const auto pairs = parse_query("a=1&&b=two+words&a=%26&c");
  ASSERT_TRUE(pairs);
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"a", "1"}, {"b", "two words"}, {"a", "&"}, {"c", ""}};
  EXPECT_EQ(*pairs, wanted);
  EXPECT_FALSE(parse_query("a=%"));
}

TEST(encoding, target_is_taken_apart) {
  const auto target = parse_target("/api/v1/sessions/a%20b?since=5");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/v1/sessions/a b");
  ASSERT_EQ(target->query.size(), 1U);
  EXPECT_EQ(target->query[0].second, "5");
}

TEST(encoding, target_that_could_mean_two_things_is_refused) {
  for (const auto* text : {"", "*", "http://x/", "example.org:443", "/a/../b", "/..", "/a/.",
                           "/./a", "/a/%2e%2e/b", "/a%2fb", "/a%2Fb", "/a\\b", "/a%5cb",
                           "/a%0d%0ab", "/a b", "/a#b", "/a%00", "/%", "/a?b=%"})
    EXPECT_FALSE(parse_target(text)) << text;
  for (const auto* text : {"/", "/a..b", "/...", "/a/", "//a", "/a?b=../c"})
    EXPECT_TRUE(parse_target(text)) << text;
}

TEST(encoding, tokens_are_found_in_lists) {
  EXPECT_TRUE(has_token("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(has_token("upgrade", "upgrade"));
  EXPECT_FALSE(has_token("upgrades", "upgrade"));
  EXPECT_FALSE(has_token("", "upgrade"));
  EXPECT_FALSE(has_token("a,,b", "upgrade"));
}

} // namespace
} // namespace roost::connection
