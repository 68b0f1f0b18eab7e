#include "actors/connection/client_address.hpp"

#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::connection {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using headers = std::vector<std::pair<std::string, std::string>>;

trusted_proxies trust(const std::vector<std::string>& blocks) {
  return trusted_proxies::make(blocks).value();
}

headers forwarded_for(const std::vector<std::string>& values) {
  headers made;
  for (const auto& value : values)
    made.emplace_back("x-forwarded-for", value);
  return made;
}

/// The client behind the proxy 10.0.0.1, when all of 10.0.0.0/8 and fd00::/8 are proxies.
std::string client_of(const std::vector<std::string>& values) {
  return trust({"10.0.0.0/8", "fd00::/8"}).client_of("10.0.0.1", forwarded_for(values));
}

TEST(client_key, one_customer_is_one_client) {
  EXPECT_EQ(client_key("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client_key("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client_key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  EXPECT_EQ(client_key("2001:db8:1:2::9"), client_key("2001:db8:1:2:ffff::"));
  EXPECT_NE(client_key("2001:db8:1:3::9"), client_key("2001:db8:1:2::9"));
  EXPECT_EQ(client_key("unix"), "unix");
}

TEST(client_key, a_link_local_client_is_one_whatever_its_zone) {
  EXPECT_EQ(client_key("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(client_key("fe80::2%eth1"), client_key("fe80::1"));
}

TEST(client_key, other_text_is_its_own_key) {
  using namespace std::string_view_literals;
  for (const auto text : {""sv, "::1\0.evil"sv, "[::1]"sv, "1.2.3.4:5"sv, ":"sv, "a:b:c"sv})
    EXPECT_EQ(client_key(text), text);
}

TEST(trusted_proxies, are_the_addresses_of_their_blocks) {
  const auto proxies = trust({"192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "::1", "fe80::/10"});
  for (const auto* address :
       {"192.0.2.1", "::ffff:192.0.2.1", "10.9.8.7", "2001:db8:1::1", "::1", "fe80::7%eth0"})
    EXPECT_TRUE(proxies.trusts(address)) << address;
  for (const auto* address : {"192.0.2.2", "11.0.0.1", "::ffff:11.0.0.1", "2001:db9::1", "::2",
                              "unix", "", "10.0.0.1:80"})
    EXPECT_FALSE(proxies.trusts(address)) << address;
  EXPECT_FALSE(trusted_proxies().trusts("127.0.0.1"));
}

TEST(trusted_proxies, a_bad_entry_is_named_with_its_key) {
  const auto bad = trusted_proxies::make({"10.0.0.0/8", "proxy.example"});
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().is(setup_error::bad_configuration));
  EXPECT_EQ(bad.error().detail, "connections.trusted_proxies: 'proxy.example' is not an address or "
                                "a block like 10.0.0.0/8");
  EXPECT_THAT(trusted_proxies::make({"10.0.0.1/8"}).error().detail,
              HasSubstr("'10.0.0.1/8' has bits set after its first 8"));
  const auto hostile = trusted_proxies::make({"\x1b[2J" + std::string(5'000, 'x')}).error().detail;
  EXPECT_LT(hostile.size(), 200U);
  EXPECT_EQ(hostile.find('\x1b'), std::string::npos);
}

TEST(client_address, without_the_header_it_is_the_peer) {
  const auto proxies = trust({"10.0.0.0/8"});
  EXPECT_EQ(proxies.client_of("10.0.0.1", {}), "10.0.0.1");
  EXPECT_EQ(proxies.client_of("10.0.0.1", {{"forwarded", "for=1.2.3.4"}, {"x-real-ip", "1.2.3.4"}}),
            "10.0.0.1");
  EXPECT_EQ(proxies.client_of("unix", forwarded_for({"1.2.3.4"})), "unix");
}

TEST(client_address, is_the_first_from_the_right_that_is_no_proxy) {
  struct row {
    std::vector<std::string> values;
    std::string_view client;
  };
  for (const auto& [values, client] : {
           row{{"198.51.100.7"}, "198.51.100.7"},
           row{{"6.6.6.6, 198.51.100.7"}, "198.51.100.7"},
           row{{"6.6.6.6, 198.51.100.7, 10.0.0.2, fd00::3"}, "198.51.100.7"},
           row{{"6.6.6.6", "198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
           row{{"198.51.100.7", "10.0.0.2", "10.0.0.3"}, "198.51.100.7"},
           // All are proxies: the leftmost.
           row{{"10.0.0.9, 10.0.0.8"}, "10.0.0.9"},
           row{{"10.0.0.9", "10.0.0.8"}, "10.0.0.9"},
           // The ways in which proxies write an address.
           row{{"198.51.100.7:55"}, "198.51.100.7"},
           row{{"2001:db8::7"}, "2001:db8::7"},
           row{{"[2001:DB8::7]"}, "2001:db8::7"},
           row{{"[2001:db8::7]:80, [fd00::1]:443"}, "2001:db8::7"},
           row{{"::ffff:198.51.100.7"}, "198.51.100.7"},
           row{{" \t198.51.100.7 \t,\t10.0.0.2  "}, "198.51.100.7"},
           // Empty elements of a list are no elements.
           row{{",, 198.51.100.7,, 10.0.0.2 ,"}, "198.51.100.7"},
           row{{"198.51.100.7", "", " "}, "198.51.100.7"},
           row{{"", ",", " , "}, "10.0.0.1"},
       })
    EXPECT_EQ(client_of(values), client) << testing::PrintToString(values);
}

TEST(client_address, text_that_is_no_address_ends_the_walk_at_the_last_good_hop) {
  for (const std::string text : {"unknown",
                                 "_hidden",
                                 "proxy.example",
                                 "for=198.51.100.7",
                                 "198.51.100.7 198.51.100.8",
                                 "198.51.100.7:",
                                 "198.51.100.7:65536",
                                 "198.51.100.7:x",
                                 "198.51.100.7/32",
                                 "[::1",
                                 "::1]",
                                 "[::1]80",
                                 "[::1]:",
                                 "[]",
                                 "[",
                                 ":",
                                 ":80",
                                 "\"198.51.100.7\"",
                                 "fe80::1%eth0",
                                 "-"}) {
    EXPECT_EQ(client_of({text}), "10.0.0.1") << text;
    EXPECT_EQ(client_of({"6.6.6.6, " + text + ", 10.0.0.2"}), "10.0.0.2") << text;
    EXPECT_EQ(client_of({"6.6.6.6", text, "10.0.0.3, 10.0.0.2"}), "10.0.0.3") << text;
  }
  EXPECT_EQ(client_of({"6.6.6.6, 198.51.100.7\0, 10.0.0.2"s}), "10.0.0.2");
}

TEST(client_address, the_walk_is_bounded) {
  std::string proxies;
  for (std::size_t i = 1; i < trusted_proxies::max_hops; ++i)
    proxies += ", 10.0.0.2";
  EXPECT_EQ(client_of({"198.51.100.7" + proxies}), "198.51.100.7");
  EXPECT_EQ(client_of({"198.51.100.7, 10.0.0.3" + proxies}), "10.0.0.3");
  EXPECT_EQ(client_of({"198.51.100.7", "10.0.0.3", proxies}), "10.0.0.3");
  EXPECT_EQ(client_of({"198.51.100.7" + std::string(100'000, ',')}), "198.51.100.7");
}

/// Headers as a stranger could make them: addresses of all kinds, and pieces of them.
class noise {
public:
  explicit noise(std::uint64_t seed) : random_(seed) {}

  std::string address() {
    numeric_address made;
    random_.fill(std::as_writable_bytes(std::span(made.bytes)));
    if (chance(2))
      return to_string(made);
    return v4();
  }
  std::string value() {
    static const std::vector<std::string> pieces = {
        "10.0.0.1", "fd00::1", ",",         ", ",      " ",
        ":80",      "[",       "]",         "unknown", "\t",
        "::ffff:",  "%lo",     "127.0.0.1", "::1",     std::string(1, '\0')};
    std::string made;
    for (auto n = random_.between(0, 12); n > 0; --n)
      made += chance(2) ? address() + ", " : pieces[random_.between(0, pieces.size() - 1)];
    return made;
  }
  headers all() {
    headers made;
    for (auto n = random_.between(0, 5); n > 0; --n)
      made.emplace_back(chance(4) ? "forwarded" : "x-forwarded-for", value());
    return made;
  }

private:
  bool chance(std::uint64_t one_in) { return random_.between(1, one_in) == 1; }
  std::string v4() {
    std::string made = chance(3) ? "10" : std::to_string(random_.between(0, 255));
    for (int i = 0; i < 3; ++i)
      made += '.' + std::to_string(random_.between(0, 255));
    return made;
  }

  seeded_random random_;
};

TEST(client_address, WS_10_forged_forwarded_for_never_changes_the_key_of_an_untrusted_peer) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  noise stranger(seed);
  const auto proxies = trust({"10.0.0.0/8", "fd00::/8", "127.0.0.1", "::1"});
  const trusted_proxies none;
  int untrusted = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto peer = stranger.address();
    const auto sent = stranger.all();
    ASSERT_EQ(none.client_of(peer, sent), peer);
    if (proxies.trusts(peer))
      continue;
    ++untrusted;
    ASSERT_EQ(proxies.client_of(peer, sent), peer);
    ASSERT_EQ(client_key(proxies.client_of(peer, sent)), client_key(peer));
  }
  EXPECT_GT(untrusted, 10'000);
}

TEST(client_address, WS_10_what_a_client_sends_itself_never_changes_its_key_behind_proxies) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  noise stranger(seed);
  const auto proxies = trust({"10.0.0.0/8"});
  int untrusted = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto client = stranger.address();
    if (proxies.trusts(client))
      continue;
    ++untrusted;
    // The first proxy appends to the stranger's last header or adds one; so does the second.
    auto sent = stranger.all();
    if (i % 2 == 0)
      sent.emplace_back("x-forwarded-for", stranger.value() + ", " + client + ", 10.0.0.2");
    else
      sent.insert(sent.end(), {{"x-forwarded-for", client}, {"x-forwarded-for", "10.0.0.2"}});
    ASSERT_EQ(proxies.client_of("10.0.0.1", sent), client);
  }
  EXPECT_GT(untrusted, 5'000);
}

} // namespace
} // namespace roost::connection
