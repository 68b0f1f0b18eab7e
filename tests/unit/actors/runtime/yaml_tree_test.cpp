#include "actors/runtime/yaml_tree.hpp"

#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>

namespace roost {
namespace {

yaml_node parsed(std::string_view text) {
  auto out = parse_yaml(text);
  if (const auto* why = std::get_if<yaml_failure>(&out)) {
    ADD_FAILURE() << text << ": " << why->message;
    return {};
  }
  return std::get<yaml_node>(std::move(out));
}

yaml_failure failure_of(std::string_view text, const yaml_limits& limits = {}) {
  auto out = parse_yaml(text, limits);
  if (auto* why = std::get_if<yaml_failure>(&out))
    return std::move(*why);
  ADD_FAILURE() << "was accepted: " << text;
  return {};
}

TEST(yaml_tree, keeps_the_place_of_keys_and_values) {
  const auto root = parsed("listen: a\nterminals:\n  max: 7\n  list: [x, \"y\"]\n");
  ASSERT_EQ(root.members.size(), 2U);
  const auto& terminals = root.members[1];
  EXPECT_EQ(terminals.key, "terminals");
  EXPECT_EQ(terminals.at.line, 2);
  ASSERT_EQ(terminals.value.members.size(), 2U);
  const auto& max = terminals.value.members[0];
  EXPECT_EQ(max.at.line, 3);
  EXPECT_EQ(max.at.column, 3);
  EXPECT_EQ(max.value.at.column, 8);
  EXPECT_EQ(max.value.text, "7");
  const auto& list = terminals.value.members[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_FALSE(list.items[0].is_quoted);
  EXPECT_TRUE(list.items[1].is_quoted);
}

TEST(yaml_tree, keeps_both_of_two_equal_keys) {
  EXPECT_EQ(parsed("a: 1\na: 2\n").members.size(), 2U);
}

TEST(yaml_tree, an_empty_text_is_nothing) {
  EXPECT_EQ(parsed("").type, yaml_node::kind::null);
  EXPECT_EQ(parsed("# only a comment\n").type, yaml_node::kind::null);
  EXPECT_EQ(parsed("a:\n").members.at(0).value.type, yaml_node::kind::null);
}

TEST(yaml_tree, refuses_what_could_blow_up) {
  EXPECT_NE(failure_of("a: &x 1\nb: *x\n").message.find("anchors"), std::string::npos);
  EXPECT_NE(failure_of("<<: {a: 1}\n").message.find("merge"), std::string::npos);
  EXPECT_NE(failure_of("a: !!binary aGk=\n").message.find("tags"), std::string::npos);
  EXPECT_NE(failure_of("a: 1\n---\nb: 2\n").message.find("more than one"), std::string::npos);
  EXPECT_NE(failure_of("? [a, b]\n: c\n").message.find("key"), std::string::npos);
  EXPECT_NE(failure_of(std::string(20, '[') + std::string(20, ']')).message.find("deeper"),
            std::string::npos);
  EXPECT_NE(failure_of("[" + std::string(40'000, ',') + "]", {.bytes = 1 << 20}).message, "");
  EXPECT_NE(failure_of("[1,2,3,4,5]", {.nodes = 4}).message.find("more than 4"), std::string::npos);
  EXPECT_NE(failure_of(std::string(300 << 10, 'x')).message.find("256 KiB"), std::string::npos);
}

TEST(yaml_tree, says_where_the_syntax_is_wrong) {
  const auto why = failure_of("a: 1\nb: [1, 2\nc: 3\n");
  EXPECT_GT(why.at.line, 1);
  EXPECT_FALSE(why.message.empty());
  EXPECT_EQ(failure_of("a: 1\n\tb: 2\n").at.line, 2);
}

TEST(yaml_tree, quotes_so_that_it_reads_back) {
  for (const auto* text : {"plain",
                           "",
                           "a b",
                           "true",
                           "null",
                           "- x",
                           "a: b",
                           "#c",
                           "[x]",
                           "\"q\"",
                           "127.0.0.1:7680",
                           "/a/b",
                           "~",
                           "line\nnext",
                           "-",
                           ":",
                           "a:",
                           "@x",
                           "'",
                           "\xc3\xbc",
                           "https://example.org:8443"}) {
    EXPECT_EQ(parsed(quote_yaml(text)).text, text) << quote_yaml(text);
    const auto in_list = parsed("[" + quote_yaml(text) + ", end]");
    ASSERT_EQ(in_list.items.size(), 2U) << quote_yaml(text);
    EXPECT_EQ(in_list.items[0].text, text) << quote_yaml(text);
  }
}

} // namespace
} // namespace roost
