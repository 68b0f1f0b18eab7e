#include "apps/roost/json_text.hpp"

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

TEST(json_text, a_member_is_found_as_it_was_written) {
  const std::string text =
      R"( {"a":{"value":1}, "value" : [1.50, {"x":"}"}] , "b\"":"v","c":[{"value":2}]} )";
  EXPECT_EQ(raw_member(text, "value"), R"([1.50, {"x":"}"}])");
  EXPECT_EQ(raw_member(text, "a"), R"({"value":1})");
  EXPECT_EQ(raw_member(text, "c"), R"([{"value":2}])");
  EXPECT_EQ(raw_member(text, "b\\\""), "\"v\"");
  EXPECT_EQ(raw_member(text, "x"), "");
  EXPECT_EQ(raw_member("{}", "x"), "");
  EXPECT_EQ(raw_member(R"({"x":null})", "x"), "null");
  EXPECT_EQ(raw_member(R"({"x":1,"x":"2"})", "x"), "\"2\"");
  EXPECT_EQ(raw_member(R"({"a":"value","value":12345678901234567890123})", "value"),
            "12345678901234567890123");
}

TEST(json_text, compact_leaves_what_is_in_strings) {
  EXPECT_EQ(compact_json(" {\n \"a b\" : [ 1 , \"x , \\\" y\" ] ,\r\n\"c\":\ttrue } \n"),
            R"({"a b":[1,"x , \" y"],"c":true})");
  EXPECT_EQ(compact_json(" 1.50 "), "1.50");
  EXPECT_EQ(compact_json(R"("\\")"), R"("\\")");
  EXPECT_EQ(compact_json(""), "");
}

TEST(json_text, pretty_is_two_spaces_deeper_at_each_level) {
  EXPECT_EQ(pretty_json(R"({"a":[1,{"b":"x,{"}],"c":{},"d":[],"e":null})"), R"({
  "a": [
    1,
    {
      "b": "x,{"
    }
  ],
  "c": {},
  "d": [],
  "e": null
})");
  EXPECT_EQ(pretty_json("[[],[[]]]"), "[\n  [],\n  [\n    []\n  ]\n]");
  EXPECT_EQ(pretty_json("true"), "true");
  EXPECT_EQ(compact_json(pretty_json(R"({"a":[1,2,{"b":[]}]})")), R"({"a":[1,2,{"b":[]}]})");
}

TEST(json_text, a_text_that_ends_too_early_does_no_harm) {
  for (const auto* text : {"\"", "\"\\", "{\"a\":\"", "{\"a\":", "{\"a\""}) {
    EXPECT_EQ(compact_json(text), text);
    EXPECT_EQ(raw_member(text, "a"), "");
  }
}

} // namespace
} // namespace roost::cli
