#include "actors/channel/transport/json_rpc.hpp"

#include <limits>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace roost::channel {
namespace {

using kind = incoming::kind;

std::string deep(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

TEST(json_rpc_test, a_request_is_one_line) {
  EXPECT_EQ(render_request(7, "tools/call", R"({"a":1})"),
            R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"a":1}})");
  EXPECT_EQ(render_request(std::numeric_limits<std::uint64_t>::max(), "m", ""),
            R"({"jsonrpc":"2.0","id":18446744073709551615,"method":"m"})");
  const auto odd = render_request(1, "a\"b\\c\nd\x01", "[1,\r\n 2]");
  EXPECT_EQ(odd.find('\n'), std::string::npos);
  const auto parsed = boost::json::parse(odd);
  EXPECT_EQ(parsed.at("method").as_string(), "a\"b\\c\nd\x01");
  EXPECT_EQ(parsed.at("params").as_array().size(), 2U);
  EXPECT_EQ(render_cancel(7), R"({"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}})");
}

TEST(json_rpc_test, results_come_back_compact_and_unchanged) {
  const std::pair<const char*, const char*> cases[] = {
      {"null", "null"},
      {" { \"a\" : [ 1 , 2 ,{ } , [ ] ] , \"b\" : { \"c\" : null } } ",
       R"({"a":[1,2,{},[]],"b":{"c":null}})"},
      {"[true,false,\"\"]", R"([true,false,""])"},
      {R"("\u00e9\ud83d\ude00\n\"\\\u0000")", "\"\u00e9\U0001f600\\n\\\"\\\\\\u0000\""},
      // As many digits as came: a number may be money, or an id of 128 bits.
      {"[0.1,1e400,-0,123456789012345678901234567890,1.50]",
       "[0.1,1e400,-0,123456789012345678901234567890,1.50]"},
      {R"({"jsonrpc":1,"id":2,"result":{"error":3}})",
       R"({"jsonrpc":1,"id":2,"result":{"error":3}})"},
  };
  for (const auto& [given, expected] : cases) {
    const auto got = parse_message(std::string(R"({"jsonrpc":"2.0","extra":[{"x":1}],"result":)") +
                                   given + R"(,"id":5})");
    ASSERT_EQ(got.is, kind::response) << given << ": " << got.what.detail;
    EXPECT_EQ(got.what.kind, reply_kind::value);
    EXPECT_EQ(got.what.id, 5U);
    EXPECT_EQ(got.what.value, expected);
  }
}

TEST(json_rpc_test, an_error_has_a_code_and_perhaps_a_category) {
  const auto parse = [](const std::string& error) {
    return parse_message(R"({"jsonrpc":"2.0","id":18446744073709551615,"error":)" + error + "}");
  };
  auto got = parse(R"({"code":-32601,"message":"no such method","data":{"category":"overload"}})");
  ASSERT_EQ(got.is, kind::response);
  EXPECT_EQ(got.what.id, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(got.what.kind, reply_kind::helper_error);
  EXPECT_EQ(got.what.code, -32601);
  EXPECT_EQ(got.what.category, "overload");
  EXPECT_EQ(got.what.detail, "no such method");
  for (const auto* data : {"null", "1", R"({"category":7})", R"({"category":null})", "[\"x\"]",
                           R"({"category":"123456789012345678901234567890123"})"}) {
    got = parse(std::string(R"({"code":1,"message":"","data":)") + data + "}");
    EXPECT_EQ(got.is, kind::response) << data;
    EXPECT_EQ(got.what.category, "") << data;
  }
  got = parse(R"({"code":1,"message":"","data":{"category":"12345678901234567890123456789012"}})");
  EXPECT_EQ(got.what.category.size(), longest_category);
  got = parse(R"({"code":1,"message":")" + std::string(10'000, 'm') + "\"}");
  EXPECT_EQ(got.what.detail.size(), 256U);
  for (const auto* bad :
       {"null", "1", "[]", "{}", R"({"code":1})", R"({"message":"m"})",
        R"({"code":"1","message":"m"})", R"({"code":1.5,"message":"m"})",
        R"({"code":1,"message":null})", R"({"code":9223372036854775808,"message":"m"})"})
    EXPECT_EQ(parse(bad).is, kind::violation) << bad;
}

TEST(json_rpc_test, what_is_not_json_rpc_is_a_violation) {
  for (const auto& text : std::vector<std::string>{
           "",
           "hello",
           "null",
           "7",
           "{",
           "{}",
           "[]",
           R"([{"jsonrpc":"2.0","id":1,"result":1}])",
           R"({"jsonrpc":"2.0","id":1,"result":1} x)",
           R"({"jsonrpc":"2.0","id":1,"result":1}{"jsonrpc":"2.0","id":1,"result":1})",
           R"({"id":1,"result":1})",
           R"({"jsonrpc":2.0,"id":1,"result":1})",
           R"({"jsonrpc":"1.0","id":1,"result":1})",
           R"({"jsonrpc":"2.0","id":1})",
           R"({"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}})",
           R"({"jsonrpc":"2.0","id":1,"result":null,"error":null})",
           R"({"jsonrpc":"2.0","id":null,"result":1})",
           R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}})",
           R"({"jsonrpc":"2.0","result":1})",
           R"({"jsonrpc":"2.0","id":{},"result":1})",
           R"({"jsonrpc":"2.0","id":[1],"result":1})",
           R"({"jsonrpc":"2.0","id":true,"result":1})",
           R"({"jsonrpc":"2.0","id":1,"id":2,"result":1})",
           R"({"jsonrpc":"2.0","id":1,"result":1,"result":2})",
           R"({"jsonrpc":"2.0","id":1,"result":{"a":{"b":1,"b":1}}})",
           R"({"jsonrpc":"2.0","id":1,"resul\u0074":1,"result":2})",
           R"({"jsonrpc":"2.0","id":1,"method":"m","result":1})",
           R"({"jsonrpc":"2.0","method":7})",
           "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\xff\"}",
           R"({"jsonrpc":"2.0","id":1,"result":"\ud800"})",
           R"({"jsonrpc":"2.0","id":1,"result":NaN})",
           R"({"jsonrpc":"2.0","id":1,"result":01})",
           R"({"jsonrpc":"2.0","id":1,/**/"result":1})",
           R"({"jsonrpc":"2.0","id":1,"result":)" + deep(32) + "}",
           std::string(1 << 20, '['),
       }) {
    const auto got = parse_message(text);
    EXPECT_EQ(got.is, kind::violation) << text;
    EXPECT_EQ(got.what.kind, reply_kind::protocol) << text;
    EXPECT_NE(got.what.detail, "") << text;
  }
  EXPECT_EQ(parse_message(R"({"jsonrpc":"2.0","id":1,"result":)" + deep(30) + "}").is,
            kind::response);
}

TEST(json_rpc_test, what_is_not_for_us_is_no_violation) {
  EXPECT_EQ(parse_message(R"({"jsonrpc":"2.0","method":"log","params":["x"]})").is, kind::ignored);
  EXPECT_EQ(parse_message(R"({"jsonrpc":"2.0","method":"ask","id":1,"params":{}})").is,
            kind::ignored);
  for (const auto* id : {"\"1\"", "-1", "1.0", "18446744073709551616", "\"\""})
    EXPECT_EQ(parse_message(std::string(R"({"jsonrpc":"2.0","result":1,"id":)") + id + "}").is,
              kind::stray)
        << id;
}

} // namespace
} // namespace roost::channel
