#include "apps/roost/channel_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/roost/json_read.hpp"

namespace roost::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* policy = R"({"name":"policy","state":"open","since":"2020-01-01T00:00:00Z",
 "retry_after_ms":2500,"window":{"calls":12,"failed":6,"slow":1,"length_ms":10000},"in_flight":2,
 "waiting":3,"limit":32,"timeout_ms":1500,"consecutive_failures":5,"generation":2,
 "config_version":1,"override":{"state":"metrics-only","who":"ada","reason":"a look",
 "expires_at":null},"transport":{"kind":"stdio","up":true,"pid":77,"starts":2,
 "unknown_messages":4,"violations":1},"fallback":true,"idempotent":false,
 "totals":{"calls":20,"ok":11,"degraded":6,"failed":{"timeout":2,"rejected":1,"overload":0},
 "retries":0,"fallback_failed":0,"opens":1,"late":8},"transitions":[)";

std::string with_transitions(int count) {
  std::string text = policy;
  for (int i = 0; i < count; ++i)
    text += std::string(i == 0 ? "" : ",") + R"({"at":"T)" + std::to_string(i) +
            R"(.","what":"state_changed","from":"closed","to":"open","why":"failure rate",)" +
            R"("window":{"calls":12,"failed":6,"slow":1}})";
  return text + "]}";
}

boost::json::object page(const std::string& text) { return read_object(text).value(); }

TEST(channel_view, the_list_has_a_row_for_each) {
  const auto list =
      page(R"({"channels":[)" + with_transitions(0) + R"(,{"name":"new\u001b[31m"},7]})");
  const auto rows = channel_rows(list);
  ASSERT_EQ(rows.size(), 3U);
  const auto text = render_table(rows, colour::off, 0);
  EXPECT_THAT(text, HasSubstr("NAME         STATE  SINCE"));
  EXPECT_THAT(text, testing::ContainsRegex(
                        "policy +open +[0-9]+ d +12 +6 +1 +2 +32 +1500 ms +stdio pid 77"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_EQ(channel_names(list), "policy\nnew\\x1b[31m\n");
  EXPECT_EQ(channel_rows({}).size(), 1U);
  EXPECT_EQ(channel_names({}), "");
}

TEST(channel_view, a_page_has_the_override_the_totals_and_the_latest_transitions) {
  const auto text = channel_page(page(with_transitions(12)), colour::off, 0);
  EXPECT_THAT(text, testing::ContainsRegex(
                        "state +open for [0-9]+ d, the next call is let through in 3 s"));
  EXPECT_THAT(text, HasSubstr("metrics-only by ada until it is cleared: a look"));
  EXPECT_THAT(text, HasSubstr("12 calls in 10 s, 6 failed, 1 slow; 5 failed in a row"));
  EXPECT_THAT(text, HasSubstr("2 of 32, 3 wait for a place"));
  EXPECT_THAT(text, HasSubstr("stdio pid 77; 2 starts, 4 unknown messages, 1 violations"));
  EXPECT_THAT(text, testing::ContainsRegex("no answer +3: timeout 2, rejected 1\n"));
  EXPECT_THAT(text, testing::ContainsRegex("late results +8\n"));
  EXPECT_THAT(text, Not(HasSubstr("T1.")));
  EXPECT_THAT(text, HasSubstr("T2."));
  EXPECT_LT(text.find("T2."), text.find("T11."));
}

TEST(channel_view, a_channel_at_rest_says_little) {
  auto quiet = page(with_transitions(0));
  quiet["override"] = nullptr;
  quiet["state"] = "closed";
  quiet["retry_after_ms"] = 0;
  quiet["transport"].as_object()["up"] = false;
  quiet["totals"].as_object()["failed"] = boost::json::object{};
  const auto text = channel_page(quiet, colour::off, 0);
  EXPECT_THAT(text, testing::ContainsRegex("set by hand +none\n"));
  EXPECT_THAT(text, Not(HasSubstr("let through")));
  EXPECT_THAT(text, Not(HasSubstr("WHAT")));
  EXPECT_THAT(text, testing::ContainsRegex("no answer +0\n"));
  EXPECT_THAT(text, HasSubstr("stdio down; 2 starts"));
  EXPECT_THAT(channel_page({}, colour::off, 0), HasSubstr("channel"));
}

TEST(channel_view, an_override_that_ends_says_when) {
  auto set = page(with_transitions(0));
  set["override"].as_object()["expires_at"] = "2030-01-01T00:00:00Z";
  EXPECT_THAT(channel_page(set, colour::off, 0),
              HasSubstr("metrics-only by ada until 2030-01-01T00:00:00Z: a look"));
}

} // namespace
} // namespace roost::cli
