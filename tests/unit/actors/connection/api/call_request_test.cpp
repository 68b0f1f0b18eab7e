#include "actors/connection/api/call_request.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::connection::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string why(std::string_view body) {
  const auto got = parse_call(body);
  return got ? std::string() : got.error().detail;
}

/// As a WebSocket's frame is read.
result<call_request> frame(std::string_view text) {
  ROOST_TRY(const auto value, parse_json(text));
  object_reader fields(value);
  auto out = read_call(fields);
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

TEST(call_request, has_a_method_params_and_a_timeout) {
  const auto x = parse_call(R"({"method":"decide","params":{"a":[1, 2.5]},"timeout_ms":250})");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->method, "decide");
  EXPECT_EQ(x->params, R"({"a":[1,2.5E0]})");
  EXPECT_EQ(x->timeout, milliseconds(250));
}

TEST(call_request, params_and_timeout_may_be_left_out) {
  const auto x = parse_call(R"({"method":"decide"})");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->params, "");
  EXPECT_EQ(x->timeout, milliseconds(0));
  EXPECT_EQ(parse_call(R"({"method":"m","params":[]})")->params, "[]");
}

TEST(call_request, what_is_wrong_is_named) {
  EXPECT_EQ(why("{}"), "the field \"method\" is missing");
  EXPECT_NE(why(R"({"method":""})").find("method"), std::string::npos);
  EXPECT_EQ(why(R"({"method":"m","params":7})"), "params: expected an object or a list, got 7");
  EXPECT_EQ(why(R"({"method":"m","params":null})"),
            "params: expected an object or a list, got null");
  EXPECT_NE(why(R"({"method":"m","timeout_ms":0})").find("timeout_ms"), std::string::npos);
  EXPECT_NE(why(R"({"method":"m","timeout_ms":600001})").find("timeout_ms"), std::string::npos);
  EXPECT_NE(why(R"({"method":"m","parms":{}})").find("params"), std::string::npos);
  EXPECT_NE(why("[").find("line 1"), std::string::npos);
}

TEST(call_request, a_frame_may_name_the_method_in_its_params) {
  EXPECT_EQ(frame(R"({"params":{"method":"m","params":[1]}})")->method, "m");
  EXPECT_EQ(frame(R"({"params":{"method":"m","params":[1]}})")->params, "[1]");
  EXPECT_EQ(frame(R"({"params":{"method":"m"}})")->params, "");
  EXPECT_NE(frame(R"({"params":{"method":7}})").error().detail.find("params.method"),
            std::string::npos);
}

TEST(call_request, params_that_only_look_like_a_call_are_params) {
  const auto x = frame(R"({"params":{"method":"m","other":1}})");
  EXPECT_EQ(x->method, default_method);
  EXPECT_EQ(x->params, R"({"method":"m","other":1})");
  const auto y = frame(R"({"method":"a","params":{"method":"b"}})");
  EXPECT_EQ(y->method, "a");
  EXPECT_EQ(y->params, R"({"method":"b"})");
  EXPECT_EQ(frame("{}")->method, default_method);
}

TEST(override_request, has_a_state_a_reason_and_perhaps_an_end) {
  const auto x = parse_override(R"({"state":"open","reason":"it lies","ttl_s":60})");
  ASSERT_TRUE(x);
  EXPECT_EQ(x->state, "forced-open");
  EXPECT_EQ(x->reason, "it lies");
  EXPECT_EQ(x->lasts, seconds(60));
  EXPECT_EQ(parse_override(R"({"state":"metrics-only","reason":"r"})")->lasts, seconds(0));
}

TEST(override_request, what_is_wrong_is_named) {
  for (const auto* body :
       {R"({"state":"closed","reason":"r"})", R"({"state":"open"})", R"({"reason":"r"})",
        R"({"state":"open","reason":""})", R"({"state":"open","reason":"r","ttl_s":0})",
        R"({"state":"open","reason":"r","ttl_s":604801})"})
    EXPECT_FALSE(parse_override(body)) << body;
  EXPECT_FALSE(parse_override(R"({"state":"open","reason":")" + std::string(201, 'x') + R"("})"));
}

} // namespace
} // namespace roost::connection::api
