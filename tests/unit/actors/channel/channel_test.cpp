#include "actors/channel/channel.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/actors/channel/scripted_transport.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace roost::channel {
namespace {

using std::chrono::seconds;

struct events_stub_state {
  explicit events_stub_state(events_actor::pointer) {}
};

events_actor::behavior_type events_stub(events_actor::stateful_pointer<events_stub_state>,
                                        std::vector<publish_channel>* heard) {
  return {
      [](const publish_session&) {},
      [](const publish_pressure&) {},
      [](const publish_database&) {},
      [heard](const publish_channel& x) { heard->push_back(x); },
      [](const subscribe_events&, const event_sink_actor&) { return events_subscribed{}; },
      [](const stream_events&) { return events_subscribed{}; },
      [](const timer_fired&) {},
  };
}

struct channel_under_test : roost::test::actor_fixture {
  roost::test::manual_clock time;
  std::shared_ptr<directory> names = std::make_shared<directory>(time);
  std::vector<std::shared_ptr<test::scripted_transport>> helpers;
  channel_context shared;
  std::vector<publish_channel> heard_so_far;
  events_actor bus = sys.spawn(events_stub, &heard_so_far);
  channel_config config;

  channel_under_test() {
    config.name = "policy";
    config.timeout = milliseconds(1'000);
    shared.channels = names;
    shared.time = &time;
    shared.seed = 11;
    shared.events.put(bus);
    shared.connect = [this](const channel_config&, std::uint64_t) {
      helpers.push_back(std::make_shared<test::scripted_transport>());
      return helpers.back();
    };
  }
  ~channel_under_test() override {
    for (const auto& [name, actor] : names->all())
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    settle();
    names->clear();
    shared.events.clear();
    caf::anon_send_exit(bus, caf::exit_reason::user_shutdown);
    bus = events_actor();
  }

  channel_actor open() {
    names->configure(std::make_shared<const channel_config>(config));
    auto actor = sys.spawn(channel, config.name, shared);
    settle();
    return actor;
  }
  test::scripted_transport& helper() { return *helpers.back(); }
  void pass(milliseconds t) {
    for (milliseconds passed{0}; passed < t; passed += milliseconds(10)) {
      time.advance(milliseconds(10));
      advance(milliseconds(10));
    }
  }
  call_channel a_call(std::uint64_t key = 0) const {
    call_channel x;
    x.key = key;
    x.method = "ask";
    x.params = "{}";
    return x;
  }
  channel_status status(const channel_actor& of) {
    return ask<channel_status>(of, show_channel{}).value.value();
  }
  const std::vector<publish_channel>& heard() {
    settle();
    return heard_so_far;
  }
  void trip(const channel_actor& subject) {
    for (int i = 0; i < 5; ++i) {
      auto pending = request(subject, a_call());
      settle();
      helper().reply_to_last(reply_kind::transport);
      EXPECT_TRUE(collect<call_answer>(pending).value);
    }
    ASSERT_EQ(status(subject).state, "open");
  }
};

TEST_F(channel_under_test, answers_with_the_helpers_value) {
  const auto subject = open();
  auto pending = request(subject, a_call());
  settle();
  ASSERT_EQ(helper().sent.size(), 1U);
  EXPECT_EQ(status(subject).in_flight, 1U);
  helper().reply_to_last(reply_kind::value, "[1,2]");
  const auto got = collect<call_answer>(pending);
  ASSERT_TRUE(got.value);
  EXPECT_EQ(got.value->value, "[1,2]");
  EXPECT_EQ(status(subject).totals.ok, 1U);
  EXPECT_EQ(status(subject).totals.succeeded, 1U);
}

TEST_F(channel_under_test, a_silent_helper_is_answered_for_at_the_deadline) {
  const auto subject = open();
  auto pending = request(subject, a_call());
  settle();
  pass(milliseconds(1'000));
  EXPECT_EQ(collect<call_answer>(pending).value->reason, call_reason::timeout);
  ASSERT_EQ(helper().cancelled.size(), 1U);
  EXPECT_EQ(helper().cancelled[0], helper().sent[0].id);
}

TEST_F(channel_under_test, a_cancelled_call_is_answered_at_once) {
  const auto subject = open();
  auto pending = request(subject, a_call(77));
  settle();
  caf::anon_send(subject, cancel_call{76});
  settle();
  EXPECT_TRUE(helper().cancelled.empty());
  caf::anon_send(subject, cancel_call{77});
  EXPECT_EQ(collect<call_answer>(pending).value->reason, call_reason::cancelled);
  EXPECT_EQ(helper().cancelled.size(), 1U);
}

TEST_F(channel_under_test, CB_7_one_event_when_it_opens_and_it_closes_again_by_itself) {
  const auto subject = open();
  trip(subject);
  ASSERT_EQ(heard().size(), 1U);
  EXPECT_EQ(heard()[0].name, "policy");
  EXPECT_EQ(heard()[0].change.from, "closed");
  EXPECT_EQ(heard()[0].change.to, "open");
  EXPECT_GT(heard()[0].retry_after, milliseconds(0));
  EXPECT_EQ(heard()[0].change.failed, 5U);
  pass(milliseconds(5'000));
  for (int i = 0; i < 3; ++i) {
    auto pending = request(subject, a_call());
    settle();
    helper().reply_to_last(reply_kind::value, "1");
    EXPECT_EQ(collect<call_answer>(pending).value->value, "1");
  }
  EXPECT_EQ(status(subject).state, "closed");
  ASSERT_EQ(heard().size(), 3U);
  EXPECT_EQ(heard()[1].change.to, "half-open");
  EXPECT_EQ(heard()[2].change.to, "closed");
  EXPECT_EQ(status(subject).transitions.size(), 3U);
}

TEST_F(channel_under_test, a_helper_that_lets_probes_pass_in_silence_is_started_anew) {
  const auto subject = open();
  trip(subject);
  for (int round = 1; round <= 2; ++round) {
    EXPECT_EQ(helper().restarts, 0) << "one silent probe may be bad luck";
    while (status(subject).retry_after.count() > 0)
      pass(milliseconds(100));
    auto pending = request(subject, a_call());
    settle();
    pass(milliseconds(1'000));
    EXPECT_EQ(collect<call_answer>(pending).value->reason, call_reason::timeout);
  }
  EXPECT_EQ(helper().restarts, 1);
}

TEST_F(channel_under_test, a_helper_that_answers_late_is_left_alone) {
  const auto subject = open();
  trip(subject);
  for (int round = 1; round <= 4; ++round) {
    while (status(subject).retry_after.count() > 0)
      pass(milliseconds(100));
    auto pending = request(subject, a_call());
    settle();
    pass(milliseconds(900));
    ++helper().seen.unknown; // an answer to an earlier request
    pass(milliseconds(100));
    EXPECT_TRUE(collect<call_answer>(pending).value);
  }
  EXPECT_EQ(helper().restarts, 0);
}

TEST_F(channel_under_test, an_override_holds_lapses_and_is_told) {
  const auto subject = open();
  override_channel x{"forced-open", "ann", "the model is wrong", seconds(10)};
  const auto set = ask<channel_status>(subject, x);
  ASSERT_TRUE(set.value);
  EXPECT_EQ(set.value->state, "forced-open");
  ASSERT_TRUE(set.value->by_hand);
  EXPECT_EQ(set.value->by_hand->who, "ann");
  EXPECT_EQ(set.value->by_hand->expires_at, time.now_wall() + seconds(10));
  EXPECT_EQ(ask<call_answer>(subject, a_call()).value->reason, call_reason::rejected);
  pass(milliseconds(10'100));
  EXPECT_EQ(status(subject).state, "closed");
  EXPECT_FALSE(names->override_of("policy"));
  EXPECT_EQ(heard().front().change.what, "override_set");
  EXPECT_EQ(heard().back().change.to, "closed");
}

TEST_F(channel_under_test, an_override_is_cleared_and_an_unknown_state_refused) {
  const auto subject = open();
  ASSERT_TRUE(ask<channel_status>(subject, override_channel{"disabled", "ann", "r", {}}).value);
  EXPECT_TRUE(names->override_of("policy"));
  const auto bad = ask<channel_status>(subject, override_channel{"closed", "ann", "r", {}});
  EXPECT_EQ(describe(bad.why).name, "bad-override-state");
  EXPECT_EQ(status(subject).state, "disabled");
  const auto cleared = ask<channel_status>(subject, override_channel{"", "ann", "", {}});
  EXPECT_EQ(cleared.value->state, "closed");
  EXPECT_FALSE(cleared.value->by_hand);
  EXPECT_FALSE(names->override_of("policy"));
}

TEST_F(channel_under_test, CB_14_after_a_crash_it_is_closed_ramped_and_keeps_its_override) {
  config.concurrency.limit = 32;
  auto first = open();
  EXPECT_EQ(status(first).limit, 32U);
  ASSERT_TRUE(
      ask<channel_status>(first, override_channel{"metrics-only", "ann", "r", seconds(60)}).value);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  settle();
  first = channel_actor();
  auto second = open();
  EXPECT_EQ(status(second).state, "metrics-only");
  EXPECT_EQ(status(second).by_hand->who, "ann");
  ASSERT_TRUE(ask<channel_status>(second, override_channel{"", "ann", "", {}}).value);
  caf::anon_send_exit(second, caf::exit_reason::kill);
  settle();
  const auto third = open();
  EXPECT_EQ(status(third).state, "closed");
  EXPECT_EQ(status(third).limit, 8U) << "a quarter at first";
}

TEST_F(channel_under_test, CB_14_a_forced_open_that_lapsed_meanwhile_is_forgotten) {
  const auto first = open();
  ASSERT_TRUE(
      ask<channel_status>(first, override_channel{"forced-open", "ann", "r", seconds(5)}).value);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  settle();
  time.advance(seconds(6));
  EXPECT_EQ(status(open()).state, "closed");
}

TEST_F(channel_under_test, told_to_exit_it_answers_everybody_and_stops_its_helper) {
  const auto subject = open();
  auto pending = request(subject, a_call());
  settle();
  caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
  EXPECT_EQ(collect<call_answer>(pending).value->reason, call_reason::channel_unavailable);
  EXPECT_EQ(helper().stops, 1);
}

TEST_F(channel_under_test, another_channel_stands_in) {
  config.name = "spare";
  const auto spare = open();
  auto* const spare_helper = helpers.back().get();
  config.name = "policy";
  config.idempotent = true;
  config.fallback_channel = "spare";
  const auto subject = open();
  auto pending = request(subject, a_call());
  settle();
  helper().reply_to_last(reply_kind::unavailable);
  settle();
  ASSERT_EQ(spare_helper->sent.size(), 1U);
  EXPECT_EQ(spare_helper->sent[0].method, "ask");
  spare_helper->reply_to_last(reply_kind::value, "7");
  const auto got = collect<call_answer>(pending);
  EXPECT_EQ(got.value->value, "7");
  EXPECT_TRUE(got.value->degraded);
  EXPECT_EQ(got.value->reason, call_reason::channel_unavailable);
}

TEST_F(channel_under_test, a_missing_other_channel_is_no_reason_to_wait) {
  config.idempotent = true;
  config.fallback_channel = "nobody";
  const auto subject = open();
  auto pending = request(subject, a_call());
  settle();
  helper().reply_to_last(reply_kind::unavailable);
  const auto got = collect<call_answer>(pending);
  EXPECT_EQ(got.value->reason, call_reason::channel_unavailable);
  EXPECT_FALSE(got.value->has_value);
}

TEST_F(channel_under_test, CB_12_what_the_helper_says_in_an_error_goes_nowhere) {
  const auto subject = open();
  auto pending = request(subject, a_call());
  settle();
  helper().reply_to_last(reply_kind::helper_error, {}, "secret-4711 in /home/ann");
  const auto got = collect<call_answer>(pending);
  EXPECT_TRUE(got.value->value.empty());
  for (const auto& each : status(subject).transitions)
    EXPECT_EQ(each.why.find("4711"), std::string::npos);
  for (const auto& each : heard())
    EXPECT_EQ(each.change.why.find("4711"), std::string::npos);
}

} // namespace
} // namespace roost::channel
