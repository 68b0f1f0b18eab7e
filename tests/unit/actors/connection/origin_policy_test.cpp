#include "actors/connection/origin_policy.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

origin_policy make(origin_policy::settings wanted) {
  auto policy = origin_policy::make(wanted);
  EXPECT_TRUE(policy);
  return *policy;
}

origin_policy on_loopback() { return make({"127.0.0.1", url_scheme::http, {}, {}}); }

TEST(authority, is_read_exactly) {
  EXPECT_EQ(parse_authority("Example.ORG:80"), (authority{"example.org", 80}));
  EXPECT_EQ(parse_authority("localhost"), (authority{"localhost", std::nullopt}));
  EXPECT_EQ(parse_authority("[::1]:7680"), (authority{"::1", 7680}));
  EXPECT_EQ(parse_authority("[0:0:0:0:0:0:0:1]"), (authority{"::1", std::nullopt}));
  using namespace std::string_view_literals;
  for (const auto text : {""sv,
                          ":80"sv,
                          "localhost:"sv,
                          "localhost:0"sv,
                          "localhost:65536"sv,
                          "localhost:80x"sv,
                          "localhost:+80"sv,
                          "localhost: 80"sv,
                          "user@localhost"sv,
                          "localhost."sv,
                          ".localhost"sv,
                          "localhost/"sv,
                          "local host"sv,
                          "::1"sv,
                          "[::1"sv,
                          "[::1]x"sv,
                          "[localhost]"sv,
                          "[::1%25lo]"sv,
                          "[::1\0.evil]"sv,
                          "a,b"sv,
                          "localhost:80:80"sv,
                          "\xc3\xa4.example"sv})
    EXPECT_FALSE(parse_authority(text)) << text;
}

TEST(origin, is_scheme_host_and_port_and_nothing_else) {
  EXPECT_EQ(parse_origin("http://a"), (origin{url_scheme::http, "a", 80}));
  EXPECT_EQ(parse_origin("https://a"), (origin{url_scheme::https, "a", 443}));
  EXPECT_EQ(parse_origin("https://a:443"), parse_origin("https://a"));
  EXPECT_EQ(parse_origin("http://[::1]:80"), (origin{url_scheme::http, "::1", 80}));
  for (const auto* text : {"null", "", "http://", "http://a/", "http://a/b", "http://u@a",
                           "ftp://a", "HTTP://a", "//a", "a", "http:///a", "http://a?b",
                           "http://a#b", "http://a http://b", "ws://a", "file://", "http://a."})
    EXPECT_FALSE(parse_origin(text)) << text;
}

TEST(origin, is_written_as_browsers_do) {
  EXPECT_EQ(to_string(*parse_origin("http://a:80")), "http://a");
  EXPECT_EQ(to_string(*parse_origin("http://a:81")), "http://a:81");
  EXPECT_EQ(to_string(*parse_origin("https://[::1]:443")), "https://[::1]");
}

TEST(origin_policy, answers_to_its_names_on_any_forwarded_port) {
  const auto policy = on_loopback();
  for (const auto* host : {"127.0.0.1:7680", "localhost:7680", "LOCALHOST", "[::1]:7680",
                           "localhost:9000", "127.0.0.1"})
    EXPECT_TRUE(policy.check_host(host, "127.0.0.1")) << host;
}

TEST(origin_policy, refuses_names_that_were_rebound_to_it) {
  const auto policy = on_loopback();
  for (const auto* host :
       {"evil.example", "localhost.evil.example", "evil-localhost", "localhost.",
        "127.0.0.1.nip.io", "127.0.0.2", "127.1", "0x7f.0.0.1", "2130706433", "017700000001",
        "0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "user@localhost", "localhost@evil.example", ""}) {
    const auto checked = policy.check_host(host, "127.0.0.1");
    ASSERT_FALSE(checked) << host;
    EXPECT_TRUE(checked.error().is(request_error::host_refused)) << host;
  }
}

TEST(origin_policy, a_listener_on_every_address_answers_to_the_one_that_was_reached) {
  const auto policy = make({"0.0.0.0", url_scheme::https, {}, {}});
  EXPECT_TRUE(policy.check_host("192.0.2.7:7680", "192.0.2.7"));
  EXPECT_FALSE(policy.check_host("192.0.2.8:7680", "192.0.2.7"));
  EXPECT_FALSE(policy.check_host("0.0.0.0:7680", "192.0.2.7"));
  EXPECT_TRUE(policy.check_host("[2001:DB8::7]:7680", "2001:db8::7"));
  EXPECT_FALSE(policy.check_host("terminal.example", "192.0.2.7"));
}

TEST(origin_policy, knows_the_hosts_of_the_configuration) {
  const auto policy = make(
      {"0.0.0.0", url_scheme::https, {"Term.example", "other.example:8443", "[2001:db8::1]"}, {}});
  EXPECT_TRUE(policy.check_host("term.example:1", ""));
  EXPECT_TRUE(policy.check_host("other.example:8443", ""));
  EXPECT_FALSE(policy.check_host("other.example:8444", ""));
  EXPECT_FALSE(policy.check_host("other.example", ""));
  EXPECT_FALSE(policy.check_host("x.term.example", ""));
  EXPECT_TRUE(policy.check_host("[2001:db8:0::1]", ""));
}

TEST(origin_policy, same_origin_is_exact) {
  const auto policy = on_loopback();
  const auto host = *policy.check_host("127.0.0.1:7680", "127.0.0.1");
  EXPECT_TRUE(policy.is_allowed_origin("http://127.0.0.1:7680", host));
  for (const auto* text :
       {"https://127.0.0.1:7680", "http://127.0.0.1", "http://127.0.0.1:7681",
        "http://localhost:7680", "null", "", "http://127.0.0.1:7680/", "http://127.0.0.1:7680.evil",
        "http://127.0.0.1.evil:7680", "http://evil@127.0.0.1:7680",
        "http://127.0.0.1:7680@evil.example", "HTTP://127.0.0.1:7680", " http://127.0.0.1:7680",
        "http://127.0.0.1:7680 http://evil.example", "http://127.0.0.1:07680x"})
    EXPECT_FALSE(policy.is_allowed_origin(text, host)) << text;
}

TEST(origin_policy, default_ports_are_the_same_written_or_not) {
  const auto policy = make({"0.0.0.0", url_scheme::https, {"term.example"}, {}});
  const auto bare = *policy.check_host("term.example", "");
  const auto written = *policy.check_host("term.example:443", "");
  EXPECT_TRUE(policy.is_allowed_origin("https://term.example", bare));
  EXPECT_TRUE(policy.is_allowed_origin("https://term.example", written));
  EXPECT_TRUE(policy.is_allowed_origin("https://term.example:443", bare));
  EXPECT_FALSE(policy.is_allowed_origin("http://term.example:443", bare));
  EXPECT_FALSE(policy.is_allowed_origin("http://term.example", bare));
}

TEST(origin_policy, ipv6_origins_have_brackets) {
  const auto policy = make({"::1", url_scheme::http, {}, {}});
  const auto host = *policy.check_host("[::1]:7680", "::1");
  EXPECT_TRUE(policy.is_allowed_origin("http://[::1]:7680", host));
  EXPECT_FALSE(policy.is_allowed_origin("http://::1:7680", host));
}

TEST(origin_policy, allowed_origins_are_exact_too) {
  const auto policy = make({"127.0.0.1", url_scheme::http, {}, {"https://Term.example"}});
  const auto host = *policy.check_host("localhost:7680", "");
  EXPECT_TRUE(policy.is_allowed_origin("https://term.example", host));
  EXPECT_TRUE(policy.is_allowed_origin("http://localhost:7680", host));
  EXPECT_FALSE(policy.is_allowed_origin("http://term.example", host));
  EXPECT_FALSE(policy.is_allowed_origin("https://term.example:8443", host));
  EXPECT_FALSE(policy.is_allowed_origin("https://x.term.example", host));
  EXPECT_FALSE(policy.is_allowed_origin("https://term.example.evil", host));
}

TEST(origin_policy, entries_that_could_never_match_are_named) {
  const auto origins =
      origin_policy::make({"::1", url_scheme::http, {}, {"https://a", "b.example/"}});
  ASSERT_FALSE(origins);
  EXPECT_TRUE(origins.error().is(setup_error::bad_configuration));
  EXPECT_NE(origins.error().detail.find("connections.allowed_origins[1]"), std::string::npos);
  const auto hosts = origin_policy::make({"::1", url_scheme::http, {"http://a"}, {}});
  ASSERT_FALSE(hosts);
  EXPECT_NE(hosts.error().detail.find("connections.allowed_hosts[0]"), std::string::npos);
  EXPECT_FALSE(origin_policy::make({"::1", url_scheme::http, {"*.example"}, {}}));
  EXPECT_FALSE(origin_policy::make({"::1", url_scheme::http, {}, {"*"}}));
}

} // namespace
} // namespace roost::connection
