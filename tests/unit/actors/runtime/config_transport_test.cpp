#include "actors/runtime/config_transport.hpp"

#include <gtest/gtest.h>

namespace roost::config_values {
namespace {

struct outcome {
  transport_config read;
  std::vector<std::string> complaints;
};

outcome read(const std::string& text) {
  outcome out;
  const auto parsed = parse_yaml(text);
  out.read = read_transport(
      "x.transport", std::get<yaml_node>(parsed),
      [&](text_position at, const std::string& below, const std::string& message) {
        out.complaints.push_back(std::to_string(at.column) + ": " + below + ": " + message);
      },
      [](const std::string& path) { return path.starts_with('/') ? path : "/etc/roost/" + path; });
  return out;
}

TEST(config_transport, kinds_are_named_as_they_are_written) {
  EXPECT_EQ(to_string(transport_kind::stdio), "stdio");
  EXPECT_EQ(to_string(transport_kind::unix_socket), "unix");
  EXPECT_EQ(to_string(transport_kind::http), "http");
}

TEST(config_transport, what_is_shown_is_read_again) {
  for (const auto* text :
       {R"({kind: stdio, command: [./a, "b c"], folder: /srv})",
        R"({kind: stdio, command: ["a, b"], folder: "/s #r"})", "{kind: unix, path: /run/x.sock}",
        "{kind: http, url: http://127.0.0.1:80/rpc}", R"({kind: http, url: "http://[::1]/a,b"})"}) {
    const auto first = read(text);
    EXPECT_TRUE(first.complaints.empty()) << text << first.complaints[0];
    EXPECT_EQ(show_transport(first.read), text);
    EXPECT_EQ(read(show_transport(first.read)).read, first.read);
  }
}

TEST(config_transport, keys_are_those_of_the_kind_wherever_it_stands) {
  const auto last = read("{path: x.sock, kind: unix}");
  EXPECT_TRUE(last.complaints.empty());
  EXPECT_EQ(last.read.path, "/etc/roost/x.sock");
  EXPECT_TRUE(last.read.folder.empty());

  const auto other = read("{url: 'http://h', kind: unix, path: /x}");
  EXPECT_EQ(other.complaints,
            std::vector<std::string>{
                "2: x.transport.url: this key is for kind: http, and this is kind: unix"});
  const auto twice = read("{kind: unix, path: /x, path: /y}");
  EXPECT_EQ(twice.complaints,
            std::vector<std::string>{"24: x.transport.path: this key is there twice"});
  EXPECT_EQ(twice.read.path, "/x");
  // Without a kind nothing can be said of the rest.
  EXPECT_EQ(read("").complaints.size(), 1U);
  EXPECT_EQ(read("{path: /x, nonsense: 1}").complaints.size(), 1U);
  EXPECT_EQ(read("unix:/x").complaints.size(), 1U);
}

} // namespace
} // namespace roost::config_values
