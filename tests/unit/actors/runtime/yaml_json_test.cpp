#include "actors/runtime/yaml_json.hpp"

#include <gtest/gtest.h>

namespace roost {
namespace {

std::string json(const std::string& yaml) {
  const auto parsed = parse_yaml(yaml);
  if (const auto* wrong = std::get_if<yaml_failure>(&parsed))
    return "not YAML: " + wrong->message;
  const auto made = to_json(std::get<yaml_node>(parsed));
  if (const auto* wrong = std::get_if<yaml_failure>(&made))
    return std::to_string(wrong->at.line) + ":" + std::to_string(wrong->at.column) + ": " +
           wrong->message;
  return std::get<std::string>(made);
}

TEST(yaml_json, plain_scalars_follow_the_core_schema) {
  for (const auto* text : {"", "~", "null", "Null", "NULL"})
    EXPECT_EQ(json(text), "null") << text;
  for (const auto* text : {"true", "True", "TRUE"})
    EXPECT_EQ(json(text), "true") << text;
  for (const auto* text : {"false", "False", "FALSE"})
    EXPECT_EQ(json(text), "false") << text;
  // What YAML 1.1 took for truth values is text.
  for (const std::string text : {"yes", "no", "on", "off", "tRUE", "nUll", "y"})
    EXPECT_EQ(json(text), "\"" + text + "\"");
}

TEST(yaml_json, numbers_are_written_as_json_has_them) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0", "0"},
      {"-0", "-0"},
      {"12", "12"},
      {"+12", "12"},
      {"0012", "12"},
      {"-007", "-7"},
      {"000", "0"},
      {"0o17", "15"},
      {"0x1F", "31"},
      {"0xffffffffffffffff", "18446744073709551615"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"1.5", "1.5"},
      {"1.", "1.0"},
      {".5", "0.5"},
      {"-.5", "-0.5"},
      {"01.50", "1.50"},
      {"1e5", "1e5"},
      {"1.e+5", "1.0e+5"},
      {"2E-3", "2e-3"},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(json(text), expected) << text;
  for (const std::string text :
       {".", "-", "+", "1e", "1e+", "1.2.3", "1_000", "0o", "0o8", "0x", "0xg", "-0x1", "5s", "e5"})
    EXPECT_EQ(json("[" + text + "]"), "[\"" + text + "\"]");
}

TEST(yaml_json, what_is_in_quotes_or_a_block_is_text) {
  EXPECT_EQ(json("'true'"), "\"true\"");
  EXPECT_EQ(json("\"12\""), "\"12\"");
  EXPECT_EQ(json("'null'"), "\"null\"");
  EXPECT_EQ(json("''"), "\"\"");
  EXPECT_EQ(json("|\n  12\n"), "\"12\\n\"");
  EXPECT_EQ(json(R"("a\"b\\c\u0001")"), R"("a\"b\\c\u0001")");
}

TEST(yaml_json, sections_and_lists_nest_and_keys_are_text) {
  EXPECT_EQ(json("{}"), "{}");
  EXPECT_EQ(json("[]"), "[]");
  EXPECT_EQ(json("decision: ask\nwhy: [1, two, {3: ~}]\n'4': {x: []}\n"),
            R"({"decision":"ask","why":[1,"two",{"3":null}],"4":{"x":[]}})");
}

TEST(yaml_json, what_json_cannot_hold_is_refused_at_its_place) {
  EXPECT_EQ(json("a: 1\nb: .inf\n"),
            "2:4: JSON has no form for this number, put it in quotes if it is text");
  for (const auto* text : {"-.Inf", "+.INF", ".nan", ".NaN"})
    EXPECT_EQ(json(text).substr(0, 13), "1:1: JSON has") << text;
  EXPECT_EQ(json("'.inf'"), "\".inf\"");
  EXPECT_EQ(json("[1, 0x10000000000000000]"), "1:5: this number is too large, write it in decimal");
  EXPECT_EQ(json("{a: 1, a: 2}"), "1:8: this key is there twice");
  EXPECT_EQ(json(std::string(510, 'k') + ": 1"), "{\"" + std::string(510, 'k') + "\":1}");
  EXPECT_EQ(json(std::string(511, 'k') + ": 1"), "1:1: a key is at most 510 bytes");
  // Bytes that are not UTF-8 become the same replacement, of three bytes.
  EXPECT_EQ(json("{a\xff: 1, a\xfe: 2}"), "1:9: this key is there twice");
  EXPECT_EQ(json(std::string(171, '\xff') + ": 1"), "1:1: a key is at most 510 bytes");
}

TEST(yaml_json, spaced_json_reads_as_the_same_yaml) {
  const std::string text = R"({"a:b":[1,-2.5e3,"x,y: \"z\\",null,true],"":{"true":"12"}})";
  EXPECT_EQ(spaced_json(text),
            R"({"a:b": [1, -2.5e3, "x,y: \"z\\", null, true], "": {"true": "12"}})");
  EXPECT_EQ(json(spaced_json(text)), text);
  std::string key;
  for (int i = 0; i < 85; ++i)
    key += "\\u0001";
  EXPECT_EQ(json("{\"" + key + "\": 1}"), "{\"" + key + "\":1}");
}

} // namespace
} // namespace roost
