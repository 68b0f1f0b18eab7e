#include "actors/connection/api/render_channels.hpp"

#include "actors/connection/api/openapi.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace roost::connection::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

channel_status policy() {
  channel_status x;
  const wall_time noon(1'769'860'800s);
  x.name = "policy";
  x.state = "open";
  x.since = noon;
  x.retry_after = 4'200ms;
  x.window_length = 10s;
  x.window_calls = 12;
  x.window_failed = 7;
  x.window_slow = 1;
  x.in_flight = 3;
  x.waiting = 2;
  x.limit = 32;
  x.timeout = 2s;
  x.generation = 4;
  x.config_version = 1;
  x.transport = "stdio";
  x.is_up = true;
  x.pid = 4711;
  x.starts = 2;
  x.totals.calls = 40;
  x.totals.ok = 20;
  x.totals.failed_by[static_cast<std::size_t>(call_reason::timeout)] = 7;
  x.latency.counts[3] = 5;
  x.latency.sum_ms = 20;
  x.transitions = {{noon, "state_changed", "closed", "open", "failure rate", 12, 7, 1}};
  return x;
}

/// Every field of the answer is in the schema, and the other way round.
void expect_schema(const json::value& answer, const std::string& name) {
  const auto schemas = json::parse(openapi_schemas());
  const auto& schema = schemas.at(name).as_object();
  for (const auto& member : answer.as_object())
    EXPECT_TRUE(schema.at("properties").as_object().contains(member.key())) << member.key();
  for (const auto& key : schema.at("required").as_array())
    EXPECT_TRUE(answer.as_object().contains(key.as_string())) << key.as_string();
}

TEST(render_channels, a_channel_is_shown_as_the_schema_has_it) {
  const auto shown = json::parse(channel_json(policy()));
  expect_schema(shown, "Channel");
  expect_schema(shown.at("window"), "ChannelWindow");
  expect_schema(shown.at("transitions").at(0), "ChannelTransition");
  EXPECT_EQ(shown.at("name"), "policy");
  EXPECT_EQ(shown.at("state"), "open");
  EXPECT_EQ(shown.at("retry_after_ms"), 4200);
  EXPECT_EQ(shown.at("window").at("failed"), 7);
  EXPECT_EQ(shown.at("in_flight"), 3);
  EXPECT_EQ(shown.at("limit"), 32);
  EXPECT_EQ(shown.at("transport").at("pid"), 4711);
  EXPECT_EQ(shown.at("totals").at("failed").at("timeout"), 7);
  EXPECT_TRUE(shown.at("override").is_null());
  const auto list = json::parse(channel_list_json({policy(), policy()}));
  EXPECT_EQ(list.at("channels").as_array().size(), 2U);
}

TEST(render_channels, an_override_says_who_why_and_until_when) {
  auto x = policy();
  x.by_hand = channel_override{"forced-open", "ann", "it lies", x.since + 60s};
  auto shown = json::parse(channel_json(x)).at("override");
  expect_schema(shown, "ChannelOverride");
  EXPECT_EQ(shown.at("who"), "ann");
  EXPECT_EQ(shown.at("expires_at").as_string(), rfc3339(x.since + 60s));
  x.by_hand->expires_at.reset();
  EXPECT_TRUE(json::parse(channel_json(x)).at("override").at("expires_at").is_null());
}

TEST(render_channels, an_answer_has_the_helpers_value_as_it_came) {
  call_answer x;
  x.has_value = true;
  x.value = R"({"decision":"allow"})";
  x.attempts = 1;
  const auto response = call_response(x, "c0ffee");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.body, R"({"value":{"decision":"allow"},"degraded":false,"reason":null,)"
                           R"("age_ms":0,"attempts":1,"breaker":"closed"})");
  expect_schema(json::parse(response.body), "CallAnswer");
}

TEST(render_channels, a_degraded_answer_is_200_and_says_so) {
  call_answer x;
  x.has_value = x.degraded = true;
  x.value = "7";
  x.reason = call_reason::timeout;
  x.age = 1500ms;
  const auto response = call_response(x, "c");
  EXPECT_EQ(response.status, 200U);
  const auto body = json::parse(response.body);
  EXPECT_EQ(body.at("degraded"), true);
  EXPECT_EQ(body.at("reason"), "timeout");
  EXPECT_EQ(body.at("age_ms"), 1500);
}

TEST(render_channels, every_reason_without_a_value_is_a_problem_with_its_own_status) {
  const std::vector<std::pair<call_reason, unsigned>> rows = {
      {call_reason::timeout, 504},
      {call_reason::rejected, 503},
      {call_reason::channel_unavailable, 503},
      {call_reason::transport, 502},
      {call_reason::protocol, 502},
      {call_reason::helper_error, 502},
      {call_reason::overload, 503},
      {call_reason::cancelled, 409}};
  EXPECT_EQ(rows.size() + 1, call_reasons.size());
  for (const auto& [why, status] : rows) {
    call_answer x;
    x.reason = why;
    x.retryable = true;
    x.retry_after = 1'200ms;
    const auto response = call_response(x, "c0ffee");
    EXPECT_EQ(response.status, status);
    const auto body = json::parse(response.body);
    EXPECT_EQ(body.at("status"), status);
    EXPECT_EQ(body.at("reason").as_string(), std::string(to_string(why)));
    EXPECT_EQ(body.at("correlation_id"), "c0ffee");
    EXPECT_EQ(body.at("retry_after_ms"), 1200);
    const bool has_header =
        std::any_of(response.headers.begin(), response.headers.end(),
                    [](const auto& h) { return h.first == "Retry-After" && h.second == "2"; });
    EXPECT_EQ(has_header, status == 503);
  }
}

TEST(render_channels, an_unknown_channel_is_404_and_unavailable) {
  call_answer x;
  x.reason = call_reason::channel_unavailable;
  x.breaker.clear();
  const auto response = call_response(x, "c");
  EXPECT_EQ(response.status, 404U);
  const auto body = json::parse(response.body);
  EXPECT_EQ(body.at("reason"), "channel_unavailable");
  EXPECT_TRUE(body.at("breaker").is_null());
}

TEST(render_channels, a_result_frame_has_a_value_or_an_error) {
  call_answer x;
  x.has_value = true;
  x.value = "[1]";
  const auto yes = json::parse(call_result_frame(7, x));
  EXPECT_EQ(yes.at("type"), "result");
  EXPECT_EQ(yes.at("id"), 7);
  EXPECT_EQ(yes.at("ok"), true);
  EXPECT_EQ(yes.at("value"), json::parse("[1]"));
  x = {};
  x.reason = call_reason::helper_error;
  x.helper_code = -32602;
  const auto no = json::parse(call_result_frame(8, x));
  EXPECT_EQ(no.at("ok"), false);
  EXPECT_EQ(no.at("error").at("code"), "helper_error");
  EXPECT_EQ(no.at("error").at("helper_code"), -32602);
  EXPECT_FALSE(no.as_object().contains("value"));
  const auto refused = json::parse(call_refused_frame(9, request_error::forbidden));
  EXPECT_EQ(refused.at("error").at("code"), "forbidden");
  EXPECT_EQ(refused.at("id"), 9);
}

TEST(render_channels, CB_12_texts_come_from_the_table) {
  call_answer x;
  x.reason = call_reason::helper_error;
  const auto row = describe(failure{channel_error::helper_error, {}});
  EXPECT_THAT(call_response(x, "c").body, HasSubstr(std::string(row.title)));
  EXPECT_THAT(call_response(x, "c").body, Not(HasSubstr("detail")));
  EXPECT_THAT(call_result_frame(1, x), HasSubstr(std::string(row.title)));
}

TEST(render_channels, an_event_says_what_happened) {
  publish_channel x;
  x.name = "policy";
  x.change = {wall_time(1'769'860'800s),
              "state_changed",
              "closed",
              "open",
              "consecutive failures",
              5,
              5,
              0};
  x.retry_after = 4s;
  const auto text = channel_event_text(11, x, wall_time(1'769'860'801s));
  const auto frame = json::parse(text.frame);
  EXPECT_EQ(frame.at("topic"), "channel.changed");
  EXPECT_EQ(frame.at("channel").at("state"), "open");
  EXPECT_EQ(frame.at("channel").at("from"), "closed");
  EXPECT_EQ(frame.at("channel").at("retry_after_ms"), 4000);
  EXPECT_EQ(frame.at("channel").at("window").at("failed"), 5);
  EXPECT_THAT(text.stream, HasSubstr("id: 11\nevent: channel.changed\n"));
}

TEST(render_channels, metrics_are_one_family_per_name) {
  auto other = policy();
  other.name = "other";
  other.state = "closed";
  metric_page page;
  add_channel_metrics(page, {policy(), other});
  const auto text = page.text();
  EXPECT_THAT(text, HasSubstr(R"(roost_channel_state{channel="policy",state="open"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(roost_channel_state{channel="other",state="open"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(roost_channel_calls_total{channel="policy",outcome="ok"} 20)"));
  EXPECT_THAT(text,
              HasSubstr(R"(roost_channel_calls_total{channel="policy",outcome="timeout"} 7)"));
  EXPECT_THAT(text, HasSubstr(R"(roost_channel_call_seconds_count{channel="policy"} 5)"));
  EXPECT_THAT(text,
              HasSubstr("roost_channel_call_seconds_bucket{channel=\"policy\",le=\"0.005\"} 5"));
}

TEST(render_channels, readiness_names_what_passes_nothing) {
  EXPECT_TRUE(channels_component({}).is_ready);
  EXPECT_EQ(channels_component({}).reason, "");
  const auto text = channels_component({policy()});
  EXPECT_TRUE(text.is_ready) << "the node does its work without its helpers";
  EXPECT_EQ(text.reason, "policy is open");
}

} // namespace
} // namespace roost::connection::api
