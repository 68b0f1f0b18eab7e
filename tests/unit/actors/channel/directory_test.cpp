#include "actors/channel/directory.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace roost::channel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct channel_directory : testing::Test {
  test::manual_clock time;
  directory subject{time};

  void know(const std::string& name) {
    channel_config c;
    c.name = name;
    c.timeout = milliseconds(700);
    subject.configure(std::make_shared<const channel_config>(c));
  }
  channel_override by_hand(std::string state) const { return {std::move(state), "ann", "why", {}}; }
};

TEST_F(channel_directory, calls_have_an_answer_while_there_is_no_actor) {
  auto got = subject.answer_without("a");
  EXPECT_EQ(got.reason, call_reason::channel_unavailable);
  EXPECT_EQ(got.breaker, "") << "there is none";
  EXPECT_FALSE(got.has_value || got.degraded || got.retryable);
  know("a");
  got = subject.answer_without("a");
  EXPECT_EQ(got.reason, call_reason::channel_unavailable);
  EXPECT_EQ(got.breaker, "closed");
  EXPECT_TRUE(got.retryable);
  EXPECT_FALSE(got.has_value || got.degraded);
  channel_config c;
  c.name = "a";
  c.fallback = "[1]";
  subject.configure(std::make_shared<const channel_config>(c));
  got = subject.answer_without("a");
  EXPECT_EQ(got.reason, call_reason::channel_unavailable);
  EXPECT_TRUE(got.has_value && got.degraded);
  EXPECT_EQ(got.value, "[1]");
}

TEST_F(channel_directory, knows_names_before_there_is_an_actor) {
  EXPECT_FALSE(subject.is_known("a"));
  EXPECT_FALSE(subject.find("a"));
  know("a");
  EXPECT_TRUE(subject.is_known("a"));
  EXPECT_FALSE(subject.find("a"));
  EXPECT_TRUE(subject.all().empty());
  ASSERT_EQ(subject.configs().size(), 1U);
  EXPECT_EQ(subject.config_of("a")->timeout, milliseconds(700));
  subject.forget("a");
  EXPECT_FALSE(subject.is_known("a"));
  EXPECT_FALSE(subject.config_of("a"));
}

TEST_F(channel_directory, CB_14_knows_whether_a_channel_was_there_before) {
  EXPECT_FALSE(subject.started("nobody", {})) << "what is not known does not become so";
  EXPECT_FALSE(subject.is_known("nobody"));
  know("a");
  EXPECT_FALSE(subject.started("a", {}));
  EXPECT_TRUE(subject.started("a", {}));
  subject.forget("a");
  know("a");
  EXPECT_FALSE(subject.started("a", {})) << "another channel of the same name";
}

TEST_F(channel_directory, says_how_long_a_call_takes_at_most) {
  know("a");
  EXPECT_EQ(subject.patience_of("a", milliseconds(0)), milliseconds(700));
  EXPECT_EQ(subject.patience_of("a", milliseconds(5)), milliseconds(5));
  EXPECT_EQ(subject.patience_of("b", milliseconds(0)), milliseconds(0));
  EXPECT_NE(subject.next_key(), subject.next_key());
}

TEST_F(channel_directory, CB_14_overrides_outlive_actors_and_are_told_of) {
  std::map<std::string, channel_override> told;
  int times = 0;
  know("a");
  subject.open({{"gone", by_hand("disabled")}}, [&](const auto& all) {
    told = all;
    ++times;
  });
  subject.keep_override("a", by_hand("forced-open"));
  EXPECT_EQ(times, 1);
  ASSERT_EQ(told.count("a"), 1U);
  EXPECT_EQ(told.size(), 1U) << "a channel that is no more is not spoken of any more";
  EXPECT_EQ(subject.override_of("a")->state, "forced-open");
  subject.keep_override("b", std::nullopt);
  EXPECT_EQ(times, 1) << "nothing has changed";
  subject.keep_override("a", std::nullopt);
  EXPECT_EQ(times, 2);
  EXPECT_TRUE(told.empty());
  EXPECT_FALSE(subject.override_of("a"));
}

TEST_F(channel_directory, CB_14_an_override_that_has_lapsed_is_none) {
  auto x = by_hand("disabled");
  x.expires_at = time.now_wall() + seconds(10);
  subject.open({{"a", x}}, {});
  EXPECT_TRUE(subject.override_of("a"));
  time.advance(seconds(10));
  EXPECT_FALSE(subject.override_of("a"));
}

TEST_F(channel_directory, overrides_are_the_same_when_read_back) {
  auto x = by_hand("metrics-only");
  x.reason = "quotes \" and \n lines";
  x.expires_at = wall_time(milliseconds(1'700'000'000'123));
  const std::map<std::string, channel_override> all{{"a", x}, {"b", by_hand("forced-open")}};
  const auto back = parse_overrides(render_overrides(all));
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back.at("a").state, "metrics-only");
  EXPECT_EQ(back.at("a").reason, x.reason);
  EXPECT_EQ(back.at("a").expires_at, x.expires_at);
  EXPECT_EQ(back.at("a").who, "ann");
  EXPECT_FALSE(back.at("b").expires_at);
}

TEST_F(channel_directory, what_is_not_understood_is_left_out) {
  EXPECT_TRUE(parse_overrides("").empty());
  EXPECT_TRUE(parse_overrides("[1]").empty());
  EXPECT_TRUE(parse_overrides("{\"a\":").empty());
  const auto some = parse_overrides(R"({"a":1,"b":{"state":"closed"},"c":{"state":"disabled"}})");
  ASSERT_EQ(some.size(), 1U);
  EXPECT_EQ(some.count("c"), 1U);
}

} // namespace
} // namespace roost::channel
