#include "apps/roost/server_address.hpp"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

environment variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(server_address, reads_the_three_forms) {
  const auto plain = parse_server_address("http://127.0.0.1:7680");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->kind, transport_kind::tcp);
  EXPECT_EQ(plain->host_header(), "127.0.0.1:7680");
  EXPECT_EQ(plain->shown(), "http://127.0.0.1:7680");
  const auto secure = parse_server_address("https://box.example/");
  ASSERT_TRUE(secure);
  EXPECT_EQ(secure->kind, transport_kind::tls);
  EXPECT_EQ(secure->port, 443);
  const auto local = parse_server_address("unix:/run/roost/api.sock");
  ASSERT_TRUE(local);
  EXPECT_EQ(local->kind, transport_kind::unix_socket);
  EXPECT_EQ(local->path, "/run/roost/api.sock");
  EXPECT_EQ(local->host_header(), "localhost");
  EXPECT_EQ(parse_server_address("unix:///run/x.sock")->path, "/run/x.sock");
  EXPECT_EQ(parse_server_address("unix:x.sock")->path, "x.sock");
}

TEST(server_address, reads_ipv6) {
  const auto address = parse_server_address("http://[::1]:80/");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->host_header(), "[::1]:80");
  EXPECT_EQ(parse_server_address("http://[fe80::1]")->port, 80);
}

TEST(server_address, keeps_the_token_of_a_login_url_and_shows_it_nowhere) {
  const auto address = parse_server_address("http://127.0.0.1:7680/#token=s3cret");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->token, "s3cret");
  EXPECT_EQ(address->port, 7680);
  EXPECT_THAT(address->shown(), Not(HasSubstr("s3cret")));
  const auto bad = parse_server_address("http://127.0.0.1:x/#token=s3cret");
  ASSERT_FALSE(bad);
  EXPECT_THAT(to_line(bad.error()), Not(HasSubstr("s3cret")));
}

TEST(server_address, refuses_the_rest_and_says_what_is_possible) {
  for (const auto* const url :
       {"", "box:7680", "ftp://x", "http://", "http://:80", "http://x:0", "http://x:65536",
        "http://x:8o", "http://x:", "http://x/path", "http://user@x", "http://::1:80",
        "http://[::1", "http://x#other", "http://x#token=", "unix:", "http://x y"}) {
    const auto address = parse_server_address(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().exit, exit_status::usage) << url;
    EXPECT_THAT(to_line(address.error()), HasSubstr("unix:PATH")) << url;
  }
  const auto longer = parse_server_address("unix:/" + std::string(200, 'x'));
  ASSERT_FALSE(longer);
  EXPECT_THAT(to_line(longer.error()), HasSubstr("107 bytes"));
}

TEST(server_address, is_chosen_by_flag_then_environment_then_data_dir) {
  const auto env = variables({{"ROOST_SERVER", "http://a:1"},
                              {"ROOST_DATA_DIR", "/data"},
                              {"XDG_STATE_HOME", "/state"},
                              {"HOME", "/home/u"}});
  EXPECT_EQ(choose_server("http://b:2", env)->shown(), "http://b:2");
  EXPECT_EQ(choose_server(std::nullopt, env)->shown(), "http://a:1");
  EXPECT_EQ(choose_server(
                std::nullopt,
                variables({{"ROOST_DATA_DIR", "/data"}, {"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}}))
                ->path,
            "/data/api.sock");
  EXPECT_EQ(
      choose_server(std::nullopt, variables({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}}))->path,
      "/s/roost/api.sock");
  EXPECT_EQ(choose_server(std::nullopt, variables({{"ROOST_SERVER", ""}, {"HOME", "/h"}}))->path,
            "/h/.local/state/roost/api.sock");
  EXPECT_EQ(choose_server(std::nullopt, variables({})).error().exit, exit_status::usage);
}

TEST(server_address, knows_whether_the_server_shares_our_files) {
  for (const auto* const url : {"unix:/x", "http://127.0.0.1:1", "http://localhost:1",
                                "https://[::1]:1", "http://127.9.9.9:1"})
    EXPECT_TRUE(parse_server_address(url)->is_local()) << url;
  for (const auto* const url : {"http://10.0.0.1:1", "https://box.example", "http://[fe80::1]:1"})
    EXPECT_FALSE(parse_server_address(url)->is_local()) << url;
}

} // namespace
} // namespace roost::cli
