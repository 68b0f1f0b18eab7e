#include "apps/roost/call_words.hpp"

#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

#include "apps/roost/json_read.hpp"

namespace roost::cli {
namespace {

using namespace std::chrono_literals;

std::string body(const std::optional<std::string>& method, std::string_view json,
                 std::optional<std::chrono::milliseconds> timeout = std::nullopt) {
  const auto made = call_body(method, json, timeout);
  return made ? boost::json::serialize(*made)
              : std::to_string(made.error().exit) + " " + made.error().what;
}

TEST(call_words, the_method_is_an_option_or_in_the_json_or_call) {
  EXPECT_EQ(body("m", ""), R"({"method":"m"})");
  EXPECT_EQ(body("m", "[1]"), R"({"params":[1],"method":"m"})");
  EXPECT_EQ(body({}, R"({"method":"n","params":[1]})"), R"({"method":"n","params":[1]})");
  EXPECT_EQ(body({}, R"({"method":"n"})"), R"({"method":"n"})");
  EXPECT_EQ(body({}, R"({"x":1})"), R"({"params":{"x":1},"method":"call"})");
  EXPECT_EQ(body({}, "[]", 1500ms), R"({"params":[],"method":"call","timeout_ms":1500})");
}

TEST(call_words, what_only_looks_like_a_method_is_parameters) {
  for (const std::string json :
       {R"({"method":1})", R"({"method":"n","x":1})", R"({"method":"n","params":[1],"x":1})"})
    EXPECT_EQ(body({}, json), R"({"params":)" + json + R"(,"method":"call"})");
  EXPECT_EQ(body("m", R"({"method":"n"})"), R"({"params":{"method":"n"},"method":"m"})");
}

TEST(call_words, what_cannot_be_sent_is_a_usage_error) {
  EXPECT_EQ(body({}, ""), "2 there is nothing to ask");
  EXPECT_EQ(body({}, " \n"), "2 there is nothing to ask");
  EXPECT_EQ(body("m", "{"), "2 this is not valid JSON");
  EXPECT_EQ(body("m", "{} {}"), "2 this is not valid JSON");
  EXPECT_EQ(body("m", "5"), "2 the JSON is neither an object nor a list");
  EXPECT_EQ(body({}, "\"text\""), "2 the JSON is neither an object nor a list");
}

TEST(call_words, an_answer_that_is_not_the_helpers_own_is_told) {
  const auto line = [](const char* json) { return degraded_line(*read_object(json)); };
  EXPECT_EQ(line(R"({"value":1,"degraded":false,"reason":null,"age_ms":0})"), "");
  EXPECT_EQ(line(R"({"value":1,"degraded":true,"reason":"timeout","age_ms":5400})"),
            "degraded: timeout, 5 s old");
  EXPECT_EQ(line(R"({"value":1,"degraded":true,"reason":"rejected","age_ms":0})"),
            "degraded: rejected");
  EXPECT_EQ(line("{}"), "");
}

TEST(call_words, no_answer_says_why_and_whether_to_try_again) {
  const auto line = [](int status, const char* json) {
    return to_line(call_failure(status, json, "policy"));
  };
  EXPECT_EQ(line(503, R"({"type":"/problems/call-rejected","title":"Not now","reason":"rejected",)"
                      R"("retryable":true,"retry_after_ms":1001})"),
            "roost: Not now (policy): rejected, worth trying again in 2 s");
  EXPECT_EQ(line(502,
                 R"({"type":"/problems/helper-error","title":"It failed","correlation_id":"c1",)"
                 R"("reason":"helper_error","retryable":false,"helper_code":-32601})"),
            "roost: It failed (policy): helper_error -32601, not worth trying again "
            "[correlation id c1]");
  EXPECT_EQ(line(504, R"({"type":"/problems/call-timed-out","title":"Too late","detail":"2 s",)"
                      R"("reason":"timeout","retryable":true,"retry_after_ms":0})"),
            "roost: Too late (2 s): timeout, worth trying again");
  EXPECT_EQ(line(404, R"({"type":"/problems/no-such-channel","title":"No channel",)"
                      R"("reason":"channel_unavailable","retryable":false})"),
            "roost: No channel (policy): `roost channels` lists them");
}

TEST(call_words, other_refusals_keep_their_own_words_and_exit_status) {
  const auto forbidden =
      call_failure(403, R"({"type":"/problems/forbidden","title":"No"})", "policy");
  EXPECT_EQ(to_line(forbidden), "roost: No: use a token with more rights");
  EXPECT_EQ(forbidden.exit, exit_status::no);
  const auto bad = call_failure(400, R"({"type":"/problems/bad-value","title":"Bad"})", "policy");
  EXPECT_EQ(bad.exit, exit_status::usage);
  EXPECT_EQ(call_failure(503,
                         R"({"type":"/problems/channel-unavailable","title":"Away",)"
                         R"("reason":"channel_unavailable","retryable":true})",
                         "policy")
                .exit,
            exit_status::no);
  EXPECT_EQ(call_failure(500, "nonsense", "policy").what, "the server answered 500");
}

} // namespace
} // namespace roost::cli
