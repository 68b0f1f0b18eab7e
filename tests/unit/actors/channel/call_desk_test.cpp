#include "actors/channel/call_desk.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/unit/actors/channel/desk_port_log.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace roost::channel {
namespace {

using std::chrono::seconds;

struct desk : testing::Test {
  roost::test::manual_clock time;
  seeded_random random{7};
  test::desk_port_log port;
  channel_config config;
  std::unique_ptr<call_desk> subject;

  desk() {
    config.name = "policy";
    config.timeout = milliseconds(1'000);
  }
  void open() {
    subject = std::make_unique<call_desk>(config, random, port, time.now(), breaker::start::fresh);
  }
  void call(std::uint64_t id, milliseconds timeout = milliseconds(0), std::string method = "ask") {
    subject->submit({id, std::move(method), "{}", timeout}, time.now());
  }
  void reply_with(reply_kind kind, std::string value = {}, std::int64_t code = 0) {
    reply r;
    r.id = port.sent.back().id;
    r.kind = kind;
    r.value = std::move(value);
    r.code = code;
    port.out.erase(r.id);
    subject->replied(r, time.now());
  }
  void wait(milliseconds t) {
    time.advance(t);
    subject->tick(time.now());
  }
  const call_answer& answer_to(std::uint64_t id) {
    EXPECT_EQ(port.times[id], 1) << "exactly one answer";
    return port.answers[id];
  }
  void trip() {
    for (std::uint64_t id = 1000; id < 1005; ++id) {
      call(id);
      reply_with(reply_kind::transport);
    }
    ASSERT_EQ(subject->judge_of_it().view(time.now()).state, breaker_state::open);
  }
};

TEST_F(desk, a_value_is_passed_on) {
  open();
  call(1);
  ASSERT_EQ(port.sent.size(), 1U);
  EXPECT_EQ(port.sent[0].method, "ask");
  EXPECT_EQ(port.sent[0].deadline, time.now() + milliseconds(1'000));
  reply_with(reply_kind::value, "[1]");
  EXPECT_TRUE(answer_to(1).has_value);
  EXPECT_EQ(answer_to(1).value, "[1]");
  EXPECT_FALSE(answer_to(1).degraded);
  EXPECT_EQ(answer_to(1).attempts, 1U);
  EXPECT_EQ(answer_to(1).breaker, "closed");
  EXPECT_EQ(subject->open_calls(), 0U);
  EXPECT_EQ(subject->totals().ok, 1U);
}

TEST_F(desk, a_timeout_withdraws_the_request_and_a_late_reply_changes_nothing) {
  open();
  call(1);
  wait(milliseconds(999));
  EXPECT_EQ(port.times[1], 0);
  wait(milliseconds(1));
  EXPECT_EQ(answer_to(1).reason, call_reason::timeout);
  EXPECT_TRUE(answer_to(1).retryable);
  ASSERT_EQ(port.withdrawn.size(), 1U);
  EXPECT_EQ(port.withdrawn[0], port.sent[0].id);
  reply_with(reply_kind::value, "1");
  EXPECT_EQ(answer_to(1).reason, call_reason::timeout);
  EXPECT_EQ(subject->judge_of_it().view(time.now()).totals.late, 1U);
  EXPECT_EQ(subject->judge_of_it().view(time.now()).window.failed, 1U);
}

TEST_F(desk, a_callers_own_timeout_bounds_the_call) {
  open();
  call(1, milliseconds(200));
  wait(milliseconds(200));
  EXPECT_EQ(answer_to(1).reason, call_reason::timeout);
  EXPECT_EQ(subject->judge_of_it().view(time.now()).window.failed, 1U);
}

TEST_F(desk, a_timeout_that_nobody_could_have_met_is_not_counted) {
  open();
  for (std::uint64_t id = 1; id <= 20; ++id) {
    call(id, milliseconds(1));
    wait(milliseconds(1));
    EXPECT_EQ(answer_to(id).reason, call_reason::timeout);
  }
  EXPECT_EQ(subject->judge_of_it().view(time.now()).window.calls, 0U);
}

TEST_F(desk, an_open_breaker_answers_at_once_and_says_when_to_come_back) {
  open();
  trip();
  const auto sent = port.sent.size();
  call(1);
  EXPECT_EQ(port.sent.size(), sent);
  EXPECT_EQ(answer_to(1).reason, call_reason::rejected);
  EXPECT_EQ(answer_to(1).breaker, "open");
  EXPECT_GT(answer_to(1).retry_after, milliseconds(0));
  EXPECT_EQ(answer_to(1).attempts, 0U);
}

TEST_F(desk, an_idempotent_call_is_tried_once_more_within_its_time) {
  config.idempotent = true;
  open();
  call(1);
  wait(milliseconds(300));
  reply_with(reply_kind::transport);
  ASSERT_EQ(port.sent.size(), 2U);
  EXPECT_EQ(port.sent[1].deadline, port.sent[0].deadline) << "the call's time is not extended";
  reply_with(reply_kind::value, "2");
  EXPECT_EQ(answer_to(1).value, "2");
  EXPECT_EQ(answer_to(1).attempts, 2U);
  EXPECT_EQ(subject->totals().retries, 1U);
  call(2);
  reply_with(reply_kind::transport);
  reply_with(reply_kind::transport);
  EXPECT_EQ(answer_to(2).reason, call_reason::transport) << "once, not for ever";
  EXPECT_EQ(port.sent.size(), 4U);
}

TEST_F(desk, what_may_change_something_is_never_tried_twice) {
  open();
  call(1);
  reply_with(reply_kind::transport);
  EXPECT_EQ(port.sent.size(), 1U);
  EXPECT_EQ(answer_to(1).reason, call_reason::transport);
}

TEST_F(desk, a_helpers_error_comes_with_its_number_alone) {
  config.fallback = "{}";
  open();
  call(1);
  reply_with(reply_kind::helper_error, {}, -32602);
  EXPECT_FALSE(answer_to(1).has_value) << "a fallback would hide the caller's mistake";
  EXPECT_EQ(answer_to(1).reason, call_reason::helper_error);
  EXPECT_EQ(answer_to(1).helper_code, -32602);
  EXPECT_FALSE(answer_to(1).retryable);
}

TEST_F(desk, places_are_bounded_and_the_queue_too) {
  config.concurrency.limit = 2;
  config.concurrency.queue = 1;
  open();
  for (std::uint64_t id = 1; id <= 4; ++id)
    call(id);
  EXPECT_EQ(port.sent.size(), 2U);
  EXPECT_EQ(subject->waiting(), 1U);
  EXPECT_EQ(answer_to(4).reason, call_reason::overload);
  reply_with(reply_kind::value, "1");
  ASSERT_EQ(port.sent.size(), 3U) << "who waited goes out";
  EXPECT_EQ(subject->waiting(), 0U);
  reply_with(reply_kind::value, "3");
  EXPECT_EQ(answer_to(3).value, "3");
  EXPECT_EQ(subject->judge_of_it().view(time.now()).window.failed, 0U);
}

TEST_F(desk, what_calls_ask_is_bounded_in_bytes) {
  config.concurrency.limit = 1;
  config.concurrency.queue = 4'096;
  open();
  const std::string large(std::size_t{1} << 20, 'x');
  for (std::uint64_t id = 1; id <= 17; ++id)
    subject->submit({id, "m", large, milliseconds(0)}, time.now());
  EXPECT_EQ(subject->waiting(), 14U) << "of 16 MiB, with the methods";
  EXPECT_EQ(answer_to(17).reason, call_reason::overload);
  reply_with(reply_kind::value, "1");
  subject->submit({18, "m", large, milliseconds(0)}, time.now());
  EXPECT_EQ(port.times[18], 0) << "there is room again";
}

TEST_F(desk, who_waits_in_vain_is_told_at_the_deadline) {
  config.concurrency.limit = 1;
  config.concurrency.queue = 5;
  open();
  call(1, milliseconds(900));
  call(2, milliseconds(400));
  wait(milliseconds(400));
  EXPECT_EQ(answer_to(2).reason, call_reason::overload);
  EXPECT_EQ(answer_to(2).attempts, 0U);
  EXPECT_EQ(subject->waiting(), 0U);
}

TEST_F(desk, who_waits_is_refused_when_the_breaker_opens) {
  config.concurrency.limit = 1;
  config.concurrency.queue = 5;
  config.breaker.consecutive = 1;
  open();
  call(1);
  call(2);
  call(3);
  reply_with(reply_kind::transport);
  EXPECT_EQ(answer_to(2).reason, call_reason::rejected);
  EXPECT_EQ(answer_to(3).reason, call_reason::rejected);
}

TEST_F(desk, a_static_fallback_is_marked) {
  config.fallback = R"({"decision":"ask"})";
  open();
  call(1);
  wait(milliseconds(1'000));
  EXPECT_TRUE(answer_to(1).has_value);
  EXPECT_TRUE(answer_to(1).degraded);
  EXPECT_EQ(answer_to(1).value, config.fallback);
  EXPECT_EQ(answer_to(1).reason, call_reason::timeout);
  call(2);
  reply_with(reply_kind::unavailable);
  EXPECT_EQ(answer_to(2).reason, call_reason::channel_unavailable);
  EXPECT_TRUE(answer_to(2).degraded);
  EXPECT_EQ(subject->totals().degraded, 2U);
}

TEST_F(desk, the_last_good_value_is_worth_more_than_a_static_one) {
  config.idempotent = true;
  config.last_good = milliseconds(60'000);
  config.fallback = "0";
  open();
  call(1);
  reply_with(reply_kind::value, "42");
  time.advance(seconds(5));
  call(2);
  reply_with(reply_kind::unavailable);
  EXPECT_EQ(answer_to(2).value, "42");
  EXPECT_EQ(answer_to(2).age, milliseconds(5'000));
  call(3, milliseconds(0), "another question");
  reply_with(reply_kind::unavailable);
  EXPECT_EQ(answer_to(3).value, "0");
}

TEST_F(desk, another_channel_stands_in_and_the_original_reason_stays) {
  config.idempotent = true;
  config.fallback_channel = "spare";
  open();
  call(1);
  reply_with(reply_kind::unavailable);
  ASSERT_EQ(port.others.size(), 1U);
  EXPECT_EQ(port.others[0].channel, "spare");
  EXPECT_EQ(port.times[1], 0);
  call_answer said;
  said.has_value = true;
  said.value = "7";
  subject->stood_in(1, said, time.now());
  EXPECT_EQ(answer_to(1).value, "7");
  EXPECT_TRUE(answer_to(1).degraded);
  EXPECT_EQ(answer_to(1).reason, call_reason::channel_unavailable);
  subject->stood_in(1, said, time.now());
  EXPECT_EQ(port.times[1], 1);
}

TEST_F(desk, another_channel_that_has_nothing_leaves_the_original_failure) {
  config.idempotent = true;
  config.fallback_channel = "spare";
  open();
  call(1);
  wait(milliseconds(1'000));
  ASSERT_EQ(port.others.size(), 1U);
  EXPECT_EQ(port.others[0].patience, call_desk::stand_in_patience) << "the call's time is over";
  wait(call_desk::stand_in_patience);
  EXPECT_EQ(answer_to(1).reason, call_reason::timeout);
  EXPECT_FALSE(answer_to(1).has_value);
  EXPECT_EQ(subject->totals().fallback_failed, 1U);
}

TEST_F(desk, a_cancelled_call_is_answered_and_its_place_is_free) {
  config.concurrency.limit = 1;
  config.concurrency.queue = 2;
  config.fallback = "0";
  open();
  call(1);
  call(2);
  call(3);
  subject->cancel(2, time.now());
  EXPECT_EQ(answer_to(2).reason, call_reason::cancelled);
  EXPECT_FALSE(answer_to(2).has_value) << "nobody wants a value any more";
  subject->cancel(1, time.now());
  EXPECT_EQ(answer_to(1).reason, call_reason::cancelled);
  EXPECT_EQ(port.withdrawn.size(), 1U);
  EXPECT_EQ(port.sent.size(), 2U) << "the third has the place";
  EXPECT_EQ(subject->judge_of_it().view(time.now()).window.calls, 0U);
  subject->cancel(99, time.now());
}

TEST_F(desk, closing_answers_everybody) {
  config.concurrency.limit = 1;
  config.concurrency.queue = 2;
  open();
  call(1);
  call(2);
  subject->close(time.now());
  EXPECT_EQ(answer_to(1).reason, call_reason::channel_unavailable);
  EXPECT_EQ(answer_to(2).reason, call_reason::channel_unavailable);
  EXPECT_EQ(subject->open_calls(), 0U);
}

TEST_F(desk, closing_gives_the_fallback) {
  config.fallback = "[1]";
  open();
  call(1);
  subject->close(time.now());
  EXPECT_EQ(answer_to(1).reason, call_reason::channel_unavailable);
  EXPECT_TRUE(answer_to(1).degraded);
  EXPECT_EQ(answer_to(1).value, "[1]");
}

TEST_F(desk, CB_13_new_rules_strand_nobody) {
  config.concurrency.limit = 2;
  config.concurrency.queue = 2;
  open();
  for (std::uint64_t id = 1; id <= 4; ++id)
    call(id);
  auto other = config;
  other.concurrency.limit = 4;
  other.timeout = milliseconds(5'000);
  subject->configure(other, time.now());
  EXPECT_EQ(port.sent.size(), 4U) << "there are places for those who waited";
  wait(milliseconds(1'000));
  for (std::uint64_t id = 1; id <= 4; ++id)
    EXPECT_EQ(answer_to(id).reason, call_reason::timeout);
}

TEST_F(desk, the_next_event_is_the_earliest_deadline) {
  open();
  EXPECT_FALSE(subject->next_event());
  call(1, milliseconds(500));
  call(2, milliseconds(100));
  EXPECT_EQ(subject->next_event(), time.now() + milliseconds(100));
  wait(milliseconds(100));
  EXPECT_EQ(answer_to(2).reason, call_reason::timeout);
  EXPECT_EQ(subject->next_event(), time.now() + milliseconds(400));
}

TEST_F(desk, calls_are_counted_by_how_long_they_took) {
  open();
  call(1);
  wait(milliseconds(30));
  reply_with(reply_kind::value, "1");
  std::uint64_t all = 0;
  for (const auto n : subject->latency().counts)
    all += n;
  EXPECT_EQ(all, 1U);
  EXPECT_EQ(subject->latency().counts[6], 1U) << "above 25 ms, up to 50";
  EXPECT_DOUBLE_EQ(subject->latency().sum_ms, 30);
}

} // namespace
} // namespace roost::channel
