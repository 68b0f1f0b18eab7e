#include "actors/channel/breaker/breaker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;
using state = breaker_state;
using change = breaker_change;
using testing::ElementsAre;
using testing::IsEmpty;

/// The default rules; windows begin at `now`.
struct breaker_fixture : testing::Test {
  permit take(milliseconds timeout = 2s) {
    const auto answer = subject.acquire(now, timeout);
    EXPECT_TRUE(std::holds_alternative<permit>(answer));
    return std::holds_alternative<permit>(answer) ? std::get<permit>(answer) : permit{};
  }
  std::vector<permit> take_many(int count, milliseconds timeout = 2s) {
    std::vector<permit> out;
    for (int i = 0; i < count; ++i)
      out.push_back(take(timeout));
    return out;
  }
  rejected be_refused() {
    const auto answer = subject.acquire(now, 2s);
    EXPECT_TRUE(std::holds_alternative<rejected>(answer));
    return std::holds_alternative<rejected>(answer) ? std::get<rejected>(answer) : rejected{};
  }
  void say(const permit& of, verdict how) { subject.complete(of.id, how, now); }
  void call(verdict how, milliseconds took = 0ms) {
    const auto given = take();
    now += took;
    say(given, how);
  }
  void calls(int count, verdict how, milliseconds took = 0ms) {
    for (int i = 0; i < count; ++i)
      call(how, took);
  }
  /// Opens it by five failures in a row.
  void trip() {
    calls(5, verdict::failure);
    ASSERT_EQ(look().state, state::open);
  }
  /// From open: closes it by three probes.
  void heal() {
    now += look().retry_after;
    calls(3, verdict::success);
    ASSERT_EQ(look().state, state::closed);
  }
  breaker_view look() { return subject.view(now); }
  /// "from>to why", since the last time.
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const auto& event : subject.take_events())
      out.push_back(std::string(to_string(event.from)) + ">" + std::string(to_string(event.to)) +
                    " " + event.why);
    return out;
  }
  void set(state what, std::optional<milliseconds> lasts = {}) {
    subject.set_override({.state = what,
                          .who = "ada",
                          .reason = "upgrade",
                          .expires_at = lasts ? std::optional(now + *lasts) : std::nullopt},
                         now);
  }

  steady_time now{1h};
  seeded_random random{1};
  breaker subject{{}, random, now};
};

// --- closed

TEST_F(breaker_fixture, begins_closed_with_all_of_its_limit) {
  const auto view = look();
  EXPECT_EQ(view.state, state::closed);
  EXPECT_EQ(view.since, now);
  EXPECT_EQ(view.generation, 1U);
  EXPECT_EQ(view.config_version, 1U);
  EXPECT_EQ(view.retry_after, 0ms);
  EXPECT_EQ(view.limit, 32U);
  EXPECT_EQ(view.timeout, 2s);
  EXPECT_FALSE(view.by_hand);
  EXPECT_EQ(view.totals, breaker_totals{});
  EXPECT_FALSE(subject.next_event());
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(breaker_fixture, a_permit_says_until_when_and_of_what) {
  const auto given = take(700ms);
  EXPECT_NE(given.id, 0U);
  EXPECT_EQ(given.generation, 1U);
  EXPECT_EQ(given.deadline, now + 950ms);
  EXPECT_FALSE(given.is_probe);
  EXPECT_EQ(subject.next_event(), given.deadline);
  EXPECT_EQ(take(0ms).deadline, now + 251ms);
  EXPECT_EQ(take(milliseconds::max()).deadline, now + 24h + 250ms);
}

TEST_F(breaker_fixture, opens_after_failures_in_a_row) {
  calls(4, verdict::failure);
  call(verdict::success);
  calls(4, verdict::failure);
  EXPECT_EQ(look().state, state::closed);
  EXPECT_EQ(look().consecutive_failures, 4U);
  call(verdict::failure);
  EXPECT_EQ(look().state, state::open);
  EXPECT_EQ(look().generation, 2U);
  const auto events = subject.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].what, change::state_changed);
  EXPECT_EQ(events[0].from, state::closed);
  EXPECT_EQ(events[0].to, state::open);
  EXPECT_EQ(events[0].why, "consecutive");
  EXPECT_EQ(events[0].generation, 2U);
  EXPECT_EQ(events[0].at, now);
  EXPECT_EQ(events[0].window, (window_sums{10, 9, 0}));
  ASSERT_TRUE(events[0].until);
  EXPECT_EQ(look().retry_after, *events[0].until - now);
}

TEST_F(breaker_fixture, opens_at_the_rate_of_failures) {
  for (int i = 0; i < 4; ++i) {
    call(verdict::failure);
    call(verdict::success);
  }
  call(verdict::success);
  EXPECT_EQ(look().window, (window_sums{9, 4, 0}));
  call(verdict::failure);
  EXPECT_EQ(look().state, state::open) << "5 of 10";
  EXPECT_THAT(told(), ElementsAre("closed>open failure_rate"));
}

TEST_F(breaker_fixture, opens_at_the_rate_of_slow_calls_without_a_failure) {
  calls(2, verdict::success, 1600ms); // 0.8 of 2 s is not slow yet
  EXPECT_EQ(look().window.slow, 0U);
  now += 10s;
  calls(9, verdict::success, 0ms);
  auto slow = take_many(32);
  now += 1601ms;
  for (int i = 0; i < 32 && look().state == state::closed; ++i)
    say(slow[static_cast<std::size_t>(i)], verdict::success);
  EXPECT_EQ(look().state, state::closed) << "32 of 41 are less than 0.8";
  now += 8s;
  slow = take_many(10);
  now += 1999ms;
  for (const auto& each : slow)
    say(each, verdict::success);
  EXPECT_THAT(told(), ElementsAre("closed>open slow_rate"));
}

TEST_F(breaker_fixture, a_call_is_slow_by_its_own_time_out) {
  const auto short_one = take(100ms);
  const auto long_one = take(10s);
  now += 81ms;
  say(short_one, verdict::success);
  EXPECT_EQ(look().window.slow, 1U);
  say(long_one, verdict::success);
  EXPECT_EQ(look().window.slow, 1U);
  EXPECT_EQ(look().totals.slow, 1U);
}

TEST_F(breaker_fixture, old_failures_leave_the_window) {
  for (int i = 0; i < 4; ++i) {
    call(verdict::failure);
    call(verdict::success);
  }
  now += 10s;
  EXPECT_EQ(look().window, window_sums{});
  calls(9, verdict::success);
  call(verdict::failure);
  EXPECT_EQ(look().window, (window_sums{10, 1, 0}));
  EXPECT_EQ(look().state, state::closed);
}

// --- permits

TEST_F(breaker_fixture, CB_1_every_permit_is_in_one_of_the_sums) {
  const auto given = take_many(6);
  say(given[0], verdict::success);
  say(given[1], verdict::failure);
  say(given[2], verdict::ignored);
  say(given[3], verdict::overload);
  subject.cancel(given[4].id, now);
  auto totals = look().totals;
  EXPECT_EQ(totals.granted, 6U);
  EXPECT_EQ(totals.succeeded, 1U);
  EXPECT_EQ(totals.failed, 1U);
  EXPECT_EQ(totals.ignored, 1U);
  EXPECT_EQ(totals.overloaded, 1U);
  EXPECT_EQ(totals.cancelled, 1U);
  EXPECT_EQ(look().in_flight, 1U);
  EXPECT_EQ(look().window, (window_sums{2, 1, 0}));
  now += 2249ms;
  subject.tick(now);
  EXPECT_EQ(look().in_flight, 1U);
  now += 1ms;
  subject.tick(now);
  EXPECT_EQ(look().in_flight, 0U) << "by its deadline and no later";
  EXPECT_EQ(look().totals.expired, 1U);
  EXPECT_EQ(look().window, (window_sums{3, 2, 1})) << "a failure, and a slow one";
  say(given[5], verdict::success);
  EXPECT_EQ(look().totals.succeeded, 1U);
  EXPECT_EQ(look().totals.late, 1U);
}

TEST_F(breaker_fixture, silent_permits_open_it_as_of_their_deadlines) {
  take_many(5);
  const auto due = now + 2250ms;
  now += 1h;
  subject.tick(now);
  EXPECT_EQ(look().since, due) << "however late somebody looks";
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive"));
}

TEST_F(breaker_fixture, CB_5_what_is_said_twice_or_of_nothing_changes_nothing) {
  const auto given = take_many(2);
  say(given[0], verdict::success);
  const auto before = look();
  for (int i = 0; i < 20; ++i) {
    say(given[0], verdict::failure);
    subject.complete(4711, verdict::failure, now);
    subject.cancel(0, now);
  }
  EXPECT_EQ(look().state, state::closed);
  EXPECT_EQ(look().window, before.window);
  EXPECT_EQ(look().in_flight, 1U);
  EXPECT_EQ(look().totals.late, 60U);
  EXPECT_EQ(look().totals.failed, 0U);
}

TEST_F(breaker_fixture, CB_5_the_word_of_an_earlier_generation_is_late) {
  const auto stale = take_many(6, 1min);
  trip();
  EXPECT_EQ(look().in_flight, 6U) << "they still take their places";
  const auto window = look().window;
  say(stale[0], verdict::success);
  say(stale[1], verdict::failure);
  EXPECT_EQ(look().window, window);
  EXPECT_EQ(look().state, state::open);
  now += look().retry_after;
  const auto probe = take();
  say(stale[2], verdict::failure);
  EXPECT_EQ(look().state, state::half_open);
  say(stale[3], verdict::success);
  say(probe, verdict::success);
  EXPECT_EQ(look().state, state::half_open) << "one of three, whatever late ones say";
  calls(2, verdict::success);
  EXPECT_EQ(look().state, state::closed);
  subject.tick(stale[4].deadline);
  EXPECT_EQ(look().totals.late, 4U);
  EXPECT_EQ(look().totals.expired, 2U);
  EXPECT_EQ(look().window, window_sums{});
  EXPECT_EQ(look().totals.succeeded, 5U);
  EXPECT_EQ(look().in_flight, 0U);
}

TEST_F(breaker_fixture, CB_6_after_an_idle_time_longer_than_the_window_all_sums_are_zero) {
  calls(3, verdict::failure, 2s);
  EXPECT_EQ(look().window, (window_sums{3, 3, 3}));
  now += 11s;
  EXPECT_EQ(look().window, window_sums{});
  call(verdict::failure);
  EXPECT_EQ(look().window, (window_sums{1, 1, 0}));
}

TEST_F(breaker_fixture, CB_7_failures_at_one_instant_open_it_once) {
  const auto given = take_many(20);
  for (int i = 0; i < 5; ++i)
    say(given[static_cast<std::size_t>(i)], verdict::failure);
  const auto until = now + look().retry_after;
  for (int i = 5; i < 20; ++i) {
    now += 10ms;
    say(given[static_cast<std::size_t>(i)], verdict::failure);
  }
  EXPECT_EQ(now + look().retry_after, until) << "later ones do not move it";
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive"));
  EXPECT_EQ(look().totals.opens, 1U);
  EXPECT_EQ(look().totals.late, 15U);
}

TEST_F(breaker_fixture, CB_8_below_the_least_calls_only_failures_in_a_row_open_it) {
  for (int i = 0; i < 2; ++i) {
    calls(4, verdict::failure, 2s);
    now += 10s;
    call(verdict::success);
  }
  calls(4, verdict::failure);
  call(verdict::success, 2s);
  EXPECT_EQ(look().window.calls, 6U);
  EXPECT_EQ(look().state, state::closed) << "4 of 6";
  calls(2, verdict::failure);
  now += 1h;
  EXPECT_EQ(look().window.calls, 0U);
  calls(3, verdict::failure);
  EXPECT_EQ(look().window.calls, 3U);
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive")) << "quiet channels open too";
}

TEST_F(breaker_fixture, CB_9_what_is_neither_neither_opens_nor_closes) {
  calls(4, verdict::failure);
  for (const auto how : {verdict::ignored, verdict::overload, verdict::cancelled})
    calls(50, how, 10ms);
  EXPECT_EQ(look().state, state::closed);
  EXPECT_EQ(look().window.calls, 4U);
  EXPECT_EQ(look().consecutive_failures, 4U) << "the row is not broken either";
  call(verdict::failure);
  ASSERT_EQ(look().state, state::open);
  now += look().retry_after;
  for (const auto how : {verdict::ignored, verdict::overload, verdict::cancelled})
    calls(5, how);
  EXPECT_EQ(look().state, state::half_open);
  EXPECT_EQ(look().totals.probes_other, 15U);
  calls(2, verdict::success);
  call(verdict::ignored);
  EXPECT_EQ(look().state, state::half_open);
  call(verdict::success);
  EXPECT_EQ(look().state, state::closed);
}

TEST_F(breaker_fixture, CB_11_too_many_at_a_time_are_refused_and_never_counted) {
  const auto given = take_many(32);
  EXPECT_EQ(look().retry_after, 50ms);
  for (int i = 0; i < 1000; ++i) {
    const auto no = be_refused();
    EXPECT_EQ(no.why, refusal::limit);
    EXPECT_GE(no.retry_after, 50ms);
    EXPECT_LE(no.retry_after, 250ms);
  }
  EXPECT_EQ(look().window, window_sums{});
  EXPECT_EQ(look().state, state::closed);
  EXPECT_EQ(look().totals.rejected_limit, 1000U);
  say(given[7], verdict::cancelled);
  take();
  be_refused();
}

// --- open

TEST_F(breaker_fixture, CB_3_nothing_passes_before_its_time) {
  trip();
  const auto until = now + look().retry_after;
  while (now < until) {
    const auto no = be_refused();
    EXPECT_EQ(no.why, refusal::open);
    EXPECT_EQ(no.retry_after, until - now);
    now += 1ms;
  }
  EXPECT_TRUE(take().is_probe);
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive", "open>half-open probing"));
}

TEST_F(breaker_fixture, retry_after_is_rounded_up) {
  trip();
  now += 1us;
  const auto wait = look().retry_after;
  EXPECT_EQ(be_refused().retry_after, wait);
  now += wait;
  take();
}

TEST_F(breaker_fixture, stays_open_longer_each_time_up_to_the_cap) {
  trip();
  for (const milliseconds longest : {5s, 10s, 20s, 40s, 60s, 60s}) {
    const auto wait = look().retry_after;
    EXPECT_GE(2 * wait, longest);
    EXPECT_LE(wait, longest);
    now += wait;
    call(verdict::failure);
  }
}

TEST_F(breaker_fixture, the_delays_differ) {
  std::vector<milliseconds> seen;
  for (int i = 0; i < 20; ++i) {
    breaker one({}, random, now);
    for (int k = 0; k < 5; ++k)
      one.complete(std::get<permit>(one.acquire(now, 1s)).id, verdict::failure, now);
    seen.push_back(one.view(now).retry_after);
    EXPECT_GE(seen.back(), 2500ms);
    EXPECT_LE(seen.back(), 5s);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_GT(seen.back() - seen.front(), 500ms);
}

TEST_F(breaker_fixture, remembers_how_often_it_opened_until_it_has_been_closed_for_long) {
  trip();
  heal();
  now += 2min - 1ms;
  trip();
  EXPECT_GT(look().retry_after, 5s - 1ms) << "10 s at most";
  heal();
  now += 2min;
  trip();
  EXPECT_LE(look().retry_after, 5s);
}

TEST_F(breaker_fixture, time_in_open_is_told) {
  trip();
  now += 1500ms;
  EXPECT_EQ(look().totals.open_time, 1500ms);
  const auto rest = look().retry_after;
  now += rest;
  take();
  now += 100ms;
  EXPECT_EQ(look().totals.open_time, 1600ms + rest) << "half-open too";
  set(state::forced_open);
  now += 1min;
  EXPECT_EQ(look().totals.open_time, 1600ms + rest) << "but not by hand";
}

// --- half-open

TEST_F(breaker_fixture, CB_2_one_probe_at_a_time_and_as_many_as_are_needed) {
  trip();
  now += look().retry_after;
  for (int i = 0; i < 3; ++i) {
    const auto probe = take();
    EXPECT_TRUE(probe.is_probe);
    EXPECT_EQ(probe.generation, 3U);
    for (int k = 0; k < 10; ++k) {
      const auto no = be_refused();
      EXPECT_EQ(no.why, refusal::probing);
      EXPECT_GE(no.retry_after, 50ms);
      EXPECT_LE(no.retry_after, 250ms);
    }
    EXPECT_EQ(look().retry_after, 50ms);
    say(probe, verdict::success);
  }
  EXPECT_EQ(look().state, state::closed);
  EXPECT_FALSE(take().is_probe);
  EXPECT_EQ(look().totals.rejected_probing, 30U);
  EXPECT_EQ(look().totals.probes_succeeded, 3U);
}

TEST_F(breaker_fixture, closes_with_an_empty_window_and_a_quarter_of_the_limit) {
  trip();
  told();
  heal();
  EXPECT_EQ(look().generation, 4U);
  EXPECT_EQ(look().window, window_sums{});
  EXPECT_EQ(look().consecutive_failures, 0U);
  EXPECT_EQ(look().limit, 8U);
  EXPECT_THAT(told(), ElementsAre("open>half-open probing", "half-open>closed probes_succeeded"));
  const auto some = take_many(8);
  EXPECT_EQ(be_refused().why, refusal::limit);
  now += 2s;
  for (const auto& each : some)
    say(each, verdict::cancelled);
  EXPECT_EQ(look().limit, 12U);
  now += 7999ms;
  EXPECT_EQ(look().limit, 31U);
  now += 1ms;
  EXPECT_EQ(look().limit, 32U);
  take_many(32);
}

TEST_F(breaker_fixture, a_failed_probe_opens_it_again_for_longer) {
  trip();
  now += look().retry_after;
  calls(2, verdict::success);
  call(verdict::failure);
  EXPECT_EQ(look().state, state::open);
  EXPECT_GE(look().retry_after, 5s);
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive", "open>half-open probing",
                                  "half-open>open probe_failed"));
  EXPECT_EQ(look().totals.probes_failed, 1U);
  EXPECT_EQ(look().totals.opens, 2U);
  now += look().retry_after;
  calls(2, verdict::success);
  EXPECT_EQ(look().state, state::half_open) << "earlier successes are forgotten";
}

TEST_F(breaker_fixture, CB_4_a_lost_probe_does_not_wedge_it) {
  trip();
  now += look().retry_after;
  const auto probe = take();
  const auto lost_at = probe.deadline;
  now = lost_at - 1ms;
  EXPECT_EQ(be_refused().why, refusal::probing);
  now = lost_at;
  EXPECT_EQ(be_refused().why, refusal::open);
  EXPECT_EQ(look().totals.probes_failed, 1U);
  EXPECT_GE(look().retry_after, 5s) << "longer than the first time";
  now = lost_at + 1min;
  EXPECT_TRUE(take().is_probe);
  say(probe, verdict::success);
  EXPECT_EQ(look().state, state::half_open);
  EXPECT_EQ(look().totals.late, 1U);
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive", "open>half-open probing",
                                  "half-open>open probe_expired", "open>half-open probing"));
}

TEST_F(breaker_fixture, CB_4_something_passes_again_when_nobody_ever_says_anything) {
  for (int round = 0; round < 20; ++round) {
    const auto begin = now;
    while (std::holds_alternative<permit>(subject.acquire(now, 2s)))
      now += 1ms;
    bool has_passed = false;
    while (!has_passed && now < begin + 32ms + 2250ms + 1min) {
      now += 50ms;
      has_passed = std::holds_alternative<permit>(subject.acquire(now, 2s));
    }
    ASSERT_TRUE(has_passed) << round;
  }
}

TEST_F(breaker_fixture, the_half_open_phase_ends_without_blame) {
  trip();
  now += look().retry_after;
  calls(2, verdict::success);
  const auto begun = look().since;
  const auto slow = take(1min);
  EXPECT_EQ(subject.next_event(), begun + 30s);
  now = begun + 30s;
  subject.tick(now);
  EXPECT_EQ(look().state, state::open);
  EXPECT_LE(look().retry_after, 5s) << "n has stayed";
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive", "open>half-open probing",
                                  "half-open>open half_open_limit"));
  say(slow, verdict::failure);
  EXPECT_EQ(look().totals.late, 1U);
  EXPECT_EQ(look().totals.probes_failed, 0U);
}

TEST_F(breaker_fixture, a_phase_of_no_time_has_a_probe_all_the_same) {
  auto rules = subject.rules();
  rules.half_open_limit = 0ms;
  rules.half_open_successes = 1;
  subject.configure(rules, now);
  trip();
  now += look().retry_after;
  call(verdict::success);
  EXPECT_EQ(look().state, state::closed);
}

TEST_F(breaker_fixture, stays_open_while_all_places_are_taken) {
  auto rules = subject.rules();
  rules.open_base = 100ms;
  rules.limit = 6;
  subject.configure(rules, now);
  const auto given = take_many(6);
  for (int i = 0; i < 5; ++i)
    say(given[static_cast<std::size_t>(i)], verdict::failure);
  rules.limit = 1;
  subject.configure(rules, now);
  now += 100ms;
  EXPECT_EQ(be_refused().why, refusal::limit);
  EXPECT_EQ(look().state, state::open);
  say(given[5], verdict::success);
  EXPECT_TRUE(take().is_probe);
}

// --- overrides

TEST_F(breaker_fixture, forced_open_lets_nothing_pass_until_it_is_cleared) {
  const auto given = take();
  set(state::forced_open);
  EXPECT_EQ(look().state, state::forced_open);
  EXPECT_EQ(look().generation, 2U);
  ASSERT_TRUE(look().by_hand);
  EXPECT_EQ(look().by_hand->who, "ada");
  EXPECT_FALSE(subject.next_event() == std::nullopt) << "the permit's deadline";
  say(given, verdict::success);
  EXPECT_EQ(look().totals.late, 1U);
  EXPECT_FALSE(subject.next_event());
  now += 24h * 365;
  const auto no = be_refused();
  EXPECT_EQ(no.why, refusal::forced_open);
  EXPECT_EQ(no.retry_after, 0ms) << "unknown";
  EXPECT_EQ(look().retry_after, 0ms);
  EXPECT_EQ(look().totals.rejected_forced, 1U);
  subject.clear_override("bob", now);
  EXPECT_EQ(look().state, state::closed);
  EXPECT_EQ(look().limit, 8U) << "ramped";
  EXPECT_FALSE(look().by_hand);
  EXPECT_EQ(look().generation, 3U);
  take();
  const auto events = subject.take_events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].what, change::override_set);
  EXPECT_EQ(events[0].from, state::closed);
  EXPECT_EQ(events[0].to, state::forced_open);
  EXPECT_EQ(events[0].why, "upgrade");
  EXPECT_EQ(events[1].what, change::override_cleared);
  EXPECT_EQ(events[1].from, state::forced_open);
  EXPECT_EQ(events[1].to, state::closed);
  EXPECT_EQ(events[1].why, "bob");
}

TEST_F(breaker_fixture, an_override_ends_by_itself) {
  set(state::forced_open, 10s);
  EXPECT_EQ(subject.next_event(), now + 10s);
  now += 4s;
  EXPECT_EQ(be_refused().retry_after, 6s);
  EXPECT_EQ(look().retry_after, 6s);
  now += 1h;
  subject.tick(now);
  EXPECT_EQ(look().state, state::closed);
  EXPECT_EQ(look().since, now - 1h + 6s);
  EXPECT_THAT(told(), ElementsAre("closed>forced-open upgrade", "forced-open>closed upgrade"));
  set(state::disabled, -1s);
  EXPECT_EQ(look().state, state::closed) << "it had lapsed before it was set";
  EXPECT_THAT(told(), ElementsAre("closed>disabled upgrade", "disabled>closed upgrade"));
}

TEST_F(breaker_fixture, an_override_ends_what_was_before_and_the_next_replaces_it) {
  trip();
  set(state::metrics_only, 1s);
  set(state::disabled);
  EXPECT_EQ(look().generation, 4U);
  now += 1h;
  subject.tick(now);
  EXPECT_EQ(look().state, state::disabled) << "the first one's end is not the second one's";
  EXPECT_THAT(told(), ElementsAre("closed>open consecutive", "open>metrics-only upgrade",
                                  "metrics-only>disabled upgrade"));
  subject.clear_override("bob", now);
  EXPECT_EQ(look().state, state::closed) << "not open again";
  EXPECT_EQ(look().window, window_sums{});
  EXPECT_EQ(look().consecutive_failures, 0U);
}

TEST_F(breaker_fixture, there_is_nothing_to_clear_without_an_override) {
  trip();
  const auto before = look();
  told();
  subject.clear_override("bob", now);
  EXPECT_EQ(look().state, state::open);
  EXPECT_EQ(look().generation, before.generation);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(breaker_fixture, an_automatic_state_is_no_override) {
  for (const auto what : {state::closed, state::open, state::half_open})
    set(what);
  EXPECT_EQ(look().generation, 1U);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(breaker_fixture, disabled_judges_nothing_but_has_its_limit) {
  set(state::disabled);
  calls(100, verdict::failure, 3ms);
  EXPECT_EQ(look().state, state::disabled);
  EXPECT_EQ(look().window, window_sums{});
  EXPECT_EQ(look().consecutive_failures, 0U);
  EXPECT_EQ(look().totals.failed, 100U);
  EXPECT_EQ(look().totals.late, 0U);
  take_many(32);
  EXPECT_EQ(be_refused().why, refusal::limit);
}

TEST_F(breaker_fixture, metrics_only_tells_once_in_a_window_that_it_would_have_opened) {
  call(verdict::failure);
  set(state::metrics_only);
  EXPECT_EQ(look().window.calls, 1U) << "the window goes on";
  calls(100, verdict::failure);
  EXPECT_EQ(look().state, state::metrics_only);
  auto events = subject.take_events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].what, change::would_trip);
  EXPECT_EQ(events[1].from, state::metrics_only);
  EXPECT_EQ(events[1].to, state::metrics_only);
  EXPECT_EQ(events[1].why, "consecutive");
  EXPECT_EQ(events[1].generation, 2U);
  EXPECT_EQ(events[1].window, (window_sums{5, 5, 0}));
  now += 9'999ms;
  calls(10, verdict::failure);
  EXPECT_THAT(told(), IsEmpty());
  now += 1ms;
  calls(10, verdict::failure);
  EXPECT_EQ(told().size(), 1U);
  EXPECT_EQ(look().totals.would_trips, 2U);
  EXPECT_EQ(look().totals.opens, 0U);
  take_many(32);
  EXPECT_EQ(be_refused().why, refusal::limit);
}

// --- configuration

TEST_F(breaker_fixture, CB_13_new_rules_strand_no_permit) {
  const auto given = take_many(10);
  auto rules = subject.rules();
  rules.limit = 3;
  rules.timeout = 50ms;
  rules.window = 1s;
  subject.configure(rules, now);
  EXPECT_EQ(look().config_version, 2U);
  EXPECT_EQ(look().generation, 1U);
  EXPECT_EQ(look().in_flight, 10U);
  EXPECT_EQ(be_refused().why, refusal::limit);
  for (std::size_t i = 0; i < 4; ++i)
    say(given[i], verdict::success);
  EXPECT_EQ(look().totals.succeeded, 4U);
  EXPECT_EQ(look().totals.late, 0U) << "they count as if nothing had been";
  EXPECT_EQ(look().window.calls, 4U);
  now = given[9].deadline;
  subject.tick(now);
  EXPECT_EQ(look().in_flight, 0U);
  EXPECT_EQ(look().totals.expired, 6U);
}

TEST_F(breaker_fixture, CB_13_new_rules_strand_no_probe) {
  trip();
  now += look().retry_after;
  const auto probe = take();
  auto rules = subject.rules();
  rules.half_open_successes = 1;
  subject.configure(rules, now);
  say(probe, verdict::success);
  EXPECT_EQ(look().state, state::closed);
}

TEST_F(breaker_fixture, the_same_rules_are_no_news) {
  subject.configure(subject.rules(), now);
  EXPECT_EQ(look().config_version, 1U);
  EXPECT_THAT(told(), IsEmpty());
  auto rules = subject.rules();
  rules.consecutive = 2;
  call(verdict::failure);
  subject.configure(rules, now);
  const auto events = subject.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].what, change::config_changed);
  EXPECT_EQ(events[0].why, "configured");
  EXPECT_EQ(look().window.calls, 1U) << "a window of the same length stays";
  call(verdict::failure);
  EXPECT_EQ(look().state, state::open);
}

TEST_F(breaker_fixture, CB_14_after_a_crash_it_is_closed_with_a_quarter_of_the_limit) {
  breaker next({}, random, now, breaker::start::ramped);
  EXPECT_EQ(next.view(now).state, state::closed);
  EXPECT_EQ(next.view(now).limit, 8U);
  next.set_override({state::forced_open, "ada", "kept", {}}, now);
  EXPECT_EQ(std::get<rejected>(next.acquire(now, 1s)).why, refusal::forced_open);
  next.clear_override("ada", now + 1h);
  EXPECT_EQ(next.view(now + 1h).limit, 8U);
  EXPECT_EQ(next.view(now + 1h + 10s).limit, 32U);
  breaker small({.limit = 2}, random, now, breaker::start::ramped);
  EXPECT_EQ(small.view(now).limit, 1U) << "one at least";
}

// --- what adapts

TEST_F(breaker_fixture, an_overload_lowers_an_adaptive_limit_and_nothing_else) {
  breaker adaptive({.is_limit_adaptive = true}, random, now);
  for (int i = 0; i < 100; ++i)
    adaptive.complete(std::get<permit>(adaptive.acquire(now, 1s)).id, verdict::overload, now);
  EXPECT_EQ(adaptive.view(now).limit, 2U);
  EXPECT_EQ(adaptive.view(now).state, state::closed);
  EXPECT_EQ(adaptive.view(now).window, window_sums{});
}

TEST_F(breaker_fixture, an_adaptive_time_out_learns_while_it_is_closed) {
  subject.configure({.is_timeout_adaptive = true}, now);
  const auto pass = [&](milliseconds took) {
    now += 30s;
    for (int i = 0; i < 100; ++i) {
      const auto given = take();
      now += took;
      say(given, verdict::success);
    }
  };
  pass(10ms);
  EXPECT_EQ(look().timeout, 1600ms);
  set(state::metrics_only);
  pass(10ms);
  EXPECT_EQ(look().timeout, 1600ms) << "frozen";
  subject.clear_override("ada", now);
  now += 1min;
  pass(10ms);
  EXPECT_EQ(look().timeout, 1280ms);
}

// Else a helper that has become slower for good would never be waited for.
TEST_F(breaker_fixture, an_adaptive_time_out_learns_from_calls_that_ran_out_of_time) {
  subject.configure({.failure_rate = 1,
                     .slow_rate = 1,
                     .consecutive = 1000,
                     .timeout = 1s,
                     .is_timeout_adaptive = true},
                    now);
  const auto pass = [&](milliseconds took, int failures) {
    now += 30s;
    for (int i = 0; i < 100; ++i) {
      const auto given = take(look().timeout);
      const bool is_failed = i % 50 < failures;
      now += is_failed ? look().timeout : took;
      say(given, is_failed ? verdict::failure : verdict::success);
    }
  };
  for (int i = 0; i < 20; ++i)
    pass(10ms, 0);
  ASSERT_EQ(look().timeout, 50ms);
  pass(10ms, 1);
  EXPECT_EQ(look().timeout, 75ms);
}

// --- events

TEST_F(breaker_fixture, events_that_nobody_takes_are_bounded) {
  for (int i = 0; i < 300; ++i)
    set(i % 2 == 0 ? state::disabled : state::forced_open);
  const auto events = subject.take_events();
  EXPECT_EQ(events.size(), breaker::max_events);
  EXPECT_EQ(events.back().generation, 301U) << "the newest stay";
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(breaker_fixture, time_does_not_go_back) {
  trip();
  const auto until = now + look().retry_after;
  subject.tick(until);
  now = steady_time{};
  EXPECT_TRUE(take().is_probe);
  EXPECT_EQ(look().since, until);
}

} // namespace
} // namespace roost::channel
