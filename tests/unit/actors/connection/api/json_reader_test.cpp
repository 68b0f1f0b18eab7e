#include "actors/connection/api/json_reader.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

std::string parse_failure(std::string_view text) {
  const auto parsed = parse_json(text);
  if (parsed)
    return "parsed";
  EXPECT_TRUE(parsed.error().is(request_error::bad_json));
  return parsed.error().detail;
}

TEST(parse_json, builds_what_is_written) {
  const auto parsed = parse_json(R"({"a":[1,-2,3.5,"x\u00e9",true,null],"b":{"a":{}}})");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(boost::json::serialize(*parsed), R"({"a":[1,-2,3.5E0,"xé",true,null],"b":{"a":{}}})");
}

TEST(parse_json, names_the_place_of_what_is_wrong) {
  EXPECT_EQ(parse_failure(""), "line 1, column 1: the text ends too early");
  EXPECT_EQ(parse_failure("{\"a\":1"), "line 1, column 7: the text ends too early");
  EXPECT_EQ(parse_failure("{} x"), "line 1, column 4: something follows after the value");
  EXPECT_EQ(parse_failure("{\n  \"a\": tru\n}"), "line 2, column 8: this is not JSON");
  EXPECT_EQ(parse_failure("{'a':1}"), "line 1, column 2: this is not JSON");
  EXPECT_EQ(parse_failure("[1,]"), "line 1, column 4: this is not JSON");
  EXPECT_EQ(parse_failure("// note\n1"), "line 1, column 1: this is not JSON");
  EXPECT_EQ(parse_failure("NaN"), "line 1, column 1: this is not JSON");
}

TEST(parse_json, refuses_bytes_that_are_not_text) {
  EXPECT_NE(parse_failure("\"\xff\""), "parsed");
  EXPECT_NE(parse_failure("\"\xc3\""), "parsed");
  EXPECT_NE(parse_failure("\"\xed\xa0\x80\""), "parsed");
  EXPECT_NE(parse_failure("\"\x01\""), "parsed");
  EXPECT_NE(parse_failure(R"("\ud800")"), "parsed");
  EXPECT_NE(parse_failure(std::string_view("1\0", 2)), "parsed");
  EXPECT_NE(parse_failure("\xef\xbb\xbf{}"), "parsed") << "no byte order mark";
}

TEST(parse_json, refuses_a_key_that_comes_twice_at_any_depth) {
  EXPECT_EQ(parse_failure(R"({"a":1,"a":2})"), "line 1, column 10: the key \"a\" is there twice");
  EXPECT_NE(parse_failure(R"({"x":[{"k":1,"k":1}]})"), "parsed");
  EXPECT_NE(parse_failure(R"({"":1,"":1})"), "parsed");
  EXPECT_NE(parse_failure(R"({"a":1,"\u0061":1})"), "parsed") << "the same key in other words";
  EXPECT_EQ(parse_failure(R"({"a":{"a":1},"b":{"a":1}})"), "parsed") << "other objects";
}

TEST(parse_json, bounds_the_depth) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse_json(nested(max_json_depth)));
  EXPECT_NE(parse_failure(nested(max_json_depth + 1)).find("nested too deeply"), std::string::npos);
  EXPECT_NE(parse_failure(std::string(1'000'000, '[')), "parsed");
}

/// What `read` makes of the object, as text: the failure's name and detail, or "fine".
template <class F>
std::string outcome(std::string_view text, F read) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value);
  object_reader fields(*value);
  read(fields);
  const auto ok = fields.finish();
  return ok ? "fine" : std::string(describe(ok.error()).name) + ": " + ok.error().detail;
}

TEST(object_reader, wants_an_object) {
  const auto nothing = [](object_reader&) {};
  EXPECT_EQ(outcome("{}", nothing), "fine");
  EXPECT_EQ(outcome("[1]", nothing), "bad-value: the body: expected an object, got a list");
  EXPECT_EQ(outcome("null", nothing), "bad-value: the body: expected an object, got null");
}

TEST(object_reader, names_unknown_fields_and_the_nearest_known) {
  const auto read = [](object_reader& f) {
    f.text("title", {});
    f.number("cols", 1, 10);
  };
  EXPECT_EQ(outcome(R"({"titel":"x"})", read),
            "unknown-field: the field \"titel\" is not known; did you mean \"title\"?");
  EXPECT_EQ(outcome(R"({"zebra":1})", read),
            "unknown-field: the field \"zebra\" is not known; known are title, cols");
  EXPECT_EQ(outcome(R"({"a\u001b[31m":1})", read),
            "unknown-field: the field \"a\\x1b[31m\" is not known; known are title, cols");
}

TEST(object_reader, an_unknown_field_goes_before_other_mistakes) {
  const auto read = [](object_reader& f) {
    f.number("cols", 1, 10);
    f.require("cols");
  };
  EXPECT_EQ(outcome(R"({"colls":3})", read),
            "unknown-field: the field \"colls\" is not known; did you mean \"cols\"?");
}

TEST(object_reader, reads_numbers_in_their_range) {
  std::optional<std::uint64_t> got;
  const auto read = [&](object_reader& f) { got = f.number("n", 1, 4096); };
  EXPECT_EQ(outcome(R"({"n":4096})", read), "fine");
  EXPECT_EQ(got, 4096u);
  EXPECT_EQ(outcome("{}", read), "fine");
  EXPECT_EQ(got, std::nullopt);
  EXPECT_EQ(outcome(R"({"n":0})", read), "bad-value: n: 0 is out of range; 1 to 4096 are possible");
  EXPECT_EQ(outcome(R"({"n":-1})", read),
            "bad-value: n: -1 is out of range; 1 to 4096 are possible");
  EXPECT_EQ(outcome(R"({"n":18446744073709551615})", read),
            "bad-value: n: 18446744073709551615 is out of range; 1 to 4096 are possible");
  EXPECT_NE(outcome(R"({"n":1e300})", read).find("out of range"), std::string::npos);
  EXPECT_EQ(outcome(R"({"n":1.5})", read),
            "bad-value: n: expected a whole number from 1 to 4096, got 1.5E0");
  EXPECT_EQ(outcome(R"({"n":"80"})", read),
            "bad-value: n: expected a whole number from 1 to 4096, got \"80\"");
  EXPECT_EQ(outcome(R"({"n":null})", read),
            "bad-value: n: expected a whole number from 1 to 4096, got null");
}

TEST(object_reader, bounds_texts_and_refuses_nul) {
  const auto read = [](object_reader& f) { f.text("t", {1, 4}); };
  EXPECT_EQ(outcome(R"({"t":"abcd"})", read), "fine");
  EXPECT_EQ(outcome(R"({"t":""})", read), "bad-value: t: must not be empty");
  EXPECT_EQ(outcome(R"({"t":"abcde"})", read), "bad-value: t: has 5 bytes; 1 to 4 are possible");
  EXPECT_EQ(outcome(R"({"t":"a\u0000"})", read), "bad-value: t: must not contain a NUL character");
  EXPECT_EQ(outcome(R"({"t":["a"]})", read), "bad-value: t: expected text, got a list");
  EXPECT_EQ(outcome(R"({"t":"a\u0000"})", [](object_reader& f) { f.raw_text("t", {}); }), "fine");
}

TEST(object_reader, names_the_place_inside_lists_and_maps) {
  const auto list = [](object_reader& f) { f.texts("l", 2, {0, 4}); };
  EXPECT_EQ(outcome(R"({"l":["a","b"]})", list), "fine");
  EXPECT_EQ(outcome(R"({"l":["a",1]})", list), "bad-value: l[1]: expected text, got 1");
  EXPECT_EQ(outcome(R"({"l":["a","b","c"]})", list),
            "bad-value: l: has 3 entries; at most 2 are possible");
  EXPECT_EQ(outcome(R"({"l":"a"})", list), "bad-value: l: expected a list of texts, got \"a\"");
  const auto map = [](object_reader& f) { f.text_map("m", 1, {0, 4}); };
  EXPECT_EQ(outcome(R"({"m":{"k":"v"}})", map), "fine");
  EXPECT_EQ(outcome(R"({"m":{"k":true}})", map), "bad-value: m.k: expected text, got true");
  EXPECT_EQ(outcome(R"({"m":{"k":"v","l":"v"}})", map),
            "bad-value: m: has 2 entries; at most 1 are possible");
}

TEST(object_reader, offers_words_to_choose_from) {
  const auto read = [](object_reader& f) { f.choice<int>("c", {{"latest", 1}, {"manual", 2}}); };
  EXPECT_EQ(outcome(R"({"c":"manual"})", read), "fine");
  EXPECT_EQ(outcome(R"({"c":"latets"})", read), "bad-value: c: expected one of latest, manual, got "
                                                "\"latets\"; did you mean \"latest\"?");
  EXPECT_EQ(outcome(R"({"c":7})", read), "bad-value: c: expected one of latest, manual, got 7");
}

TEST(object_reader, keeps_answers_short) {
  const auto text = "{\"" + std::string(5000, 'x') + "\":1}";
  EXPECT_LT(outcome(text, [](object_reader&) {}).size(), 200u);
  const auto value = "{\"c\":\"" + std::string(5000, 'y') + "\"}";
  EXPECT_LT(outcome(value, [](object_reader& f) { f.number("c", 0, 1); }).size(), 200u);
}

TEST(object_reader, says_which_field_is_missing) {
  EXPECT_EQ(outcome("{}", [](object_reader& f) { f.require("rows"); }),
            "missing-field: the field \"rows\" is missing");
}

} // namespace
} // namespace roost::connection::api
