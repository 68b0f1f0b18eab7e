#include "actors/runtime/address_block.hpp"

#include <span>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost {
namespace {

using namespace std::string_view_literals;

bool contains(std::string_view block, std::string_view address) {
  return address_block::parse(block).value().contains(parse_address(address).value());
}

std::string why_not(std::string_view text) {
  const auto block = address_block::parse(text);
  return block ? "it is one" : block.error();
}

TEST(numeric_address, has_one_form_however_it_was_written) {
  struct row {
    std::string_view text;
    std::string_view canonical;
  };
  for (const auto& [text, canonical] :
       {row{"192.0.2.1", "192.0.2.1"}, row{"0.0.0.0", "0.0.0.0"},
        row{"255.255.255.255", "255.255.255.255"}, row{"::ffff:192.0.2.1", "192.0.2.1"},
        row{"::ffff:c000:201", "192.0.2.1"}, row{"0:0:0:0:0:FFFF:192.0.2.1", "192.0.2.1"},
        row{"::", "::"}, row{"2001:DB8:0:0::1", "2001:db8::1"}, row{"::ffff:0:0", "0.0.0.0"},
        row{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}}) {
    const auto parsed = parse_address(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(*parsed), canonical);
    EXPECT_EQ(parse_address(canonical), parsed);
    EXPECT_EQ(parsed->is_v4(), canonical.find(':') == std::string_view::npos);
  }
}

TEST(numeric_address, is_numbers_and_nothing_else) {
  for (const auto text : {""sv,
                          "localhost"sv,
                          "1.2.3"sv,
                          "1.2.3.4.5"sv,
                          "1.2.3.256"sv,
                          "01.2.3.4"sv,
                          "0x1.2.3.4"sv,
                          "16909060"sv,
                          "1.2.3.4 "sv,
                          " 1.2.3.4"sv,
                          "1.2.3.4:5"sv,
                          "[::1]"sv,
                          "::1%lo"sv,
                          ":::"sv,
                          "1::2::3"sv,
                          "12345::"sv,
                          "::1\0"sv,
                          "::1\0.evil"sv,
                          "1.2.3.4\0"sv,
                          "\0"sv,
                          "-1.2.3.4"sv,
                          "::ffff:1.2.3.4.5"sv,
                          "\xef\xbc\x91.2.3.4"sv,
                          "0000000000000000000000000000000000000000000000000000000000000001"sv})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(numeric_address, written_and_read_again_is_the_same) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int i = 0; i < 5'000; ++i) {
    numeric_address address;
    random.fill(std::as_writable_bytes(std::span(address.bytes)));
    // Runs of zeros make the short forms.
    for (auto n = random.between(0, 12); n > 0; --n)
      address.bytes[random.between(0, 15)] = 0;
    ASSERT_EQ(parse_address(to_string(address)), address);
  }
}

TEST(address_block, has_what_shares_its_first_bits) {
  struct row {
    std::string_view block;
    std::string_view in;
    std::string_view out;
  };
  for (const auto& [block, in, out] :
       {row{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
        row{"192.0.2.1/32", "::ffff:192.0.2.1", "192.0.2.0"},
        row{"10.0.0.0/8", "10.255.255.255", "11.0.0.0"}, row{"10.0.0.0/8", "10.0.0.0", "9.255.0.0"},
        row{"172.16.0.0/12", "172.31.255.255", "172.32.0.0"},
        row{"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
        row{"128.0.0.0/1", "255.0.0.1", "1.2.3.4"},
        row{"::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"}, row{"::1", "::1", "::2"},
        row{"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
        row{"2001:db8:8000::/33", "2001:db8:ffff::1", "2001:db8:7fff::1"},
        row{"fe80::/10", "febf::1", "fec0::1"}, row{"::2/127", "::3", "::4"}}) {
    EXPECT_TRUE(contains(block, in)) << block << ' ' << in;
    EXPECT_FALSE(contains(block, out)) << block << ' ' << out;
  }
}

TEST(address_block, of_everything_is_everything_of_one_family) {
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "203.0.113.9"));
  EXPECT_FALSE(contains("::/64", "::ffff:203.0.113.9"));
  EXPECT_TRUE(contains("::ffff:0:0/96", "203.0.113.9"));
}

TEST(address_block, refuses_what_is_not_one) {
  for (const auto text : {""sv,
                          "/"sv,
                          "/8"sv,
                          "10.0.0.0/"sv,
                          "10.0.0.0/33"sv,
                          "10.0.0.0/-1"sv,
                          "10.0.0.0/+8"sv,
                          "10.0.0.0/08"sv,
                          "10.0.0.0/ 8"sv,
                          "10.0.0.0/8 "sv,
                          "10.0.0.0/8/8"sv,
                          "10.0.0.0/8x"sv,
                          "10.0.0.0/255.0.0.0"sv,
                          "10/8"sv,
                          "10.0.0.0/4294967304"sv,
                          "10.0.0.0/99999999999999999999999"sv,
                          "::/129"sv,
                          "[::1]"sv,
                          "::1%lo"sv,
                          "fe80::%eth0/10"sv,
                          "localhost"sv,
                          "*"sv,
                          "10.0.0.0/8\0"sv})
    EXPECT_EQ(why_not(text), "is not an address or a block like 10.0.0.0/8") << text;
}

TEST(address_block, bits_behind_the_prefix_are_named_with_what_could_be_meant) {
  EXPECT_EQ(why_not("10.0.0.7/8"), "has bits set after its first 8; write 10.0.0.0/8 for the block "
                                   "or 10.0.0.7 for the one address");
  EXPECT_EQ(why_not("2001:db8::1/32"), "has bits set after its first 32; write 2001:db8::/32 for "
                                       "the block or 2001:db8::1 for the one address");
  EXPECT_EQ(why_not("::ffff:10.0.0.7/104"), "has bits set after its first 104; write 10.0.0.0/8 "
                                            "for the block or 10.0.0.7 for the one address");
  EXPECT_EQ(why_not("0.0.0.1/0"), "has bits set after its first 0; write 0.0.0.0/0 for the block "
                                  "or 0.0.0.1 for the one address");
}

} // namespace
} // namespace roost
