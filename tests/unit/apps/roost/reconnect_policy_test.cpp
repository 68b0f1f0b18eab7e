#include "apps/roost/reconnect_policy.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Any time but zero, which must not be taken for "now".
constexpr reconnect_policy::time_point start{std::chrono::hours(1)};

/// Always the same number: 0 is the shortest delay.
class fixed_random final : public random_source {
public:
  std::uint64_t value = 0;
  std::uint64_t next() override { return value; }
};

/// The next delay is anything from the hint to the hint and `span`.
void expect_span(reconnect_policy& policy, fixed_random& random, std::uint16_t code,
                 milliseconds hint, reconnect_policy::time_point now, milliseconds span) {
  // The largest number of the span stays what it is; the one after it wraps around.
  random.value = static_cast<std::uint64_t>(span.count()) + 1;
  auto same = policy;
  EXPECT_EQ(same.next_delay(code, hint, now), hint);
  random.value = static_cast<std::uint64_t>(span.count());
  EXPECT_EQ(policy.next_delay(code, hint, now), hint + span);
}

// tests/golden/close_codes.json is the contract that every client keeps.

boost::json::object close_codes() {
  std::ifstream in(ROOST_SOURCE_DIR "/tests/golden/close_codes.json");
  std::ostringstream text;
  text << in.rdbuf();
  return boost::json::parse(text.str()).as_object();
}

/// What this client does for each word of the table.
after_close meaning_of(std::string_view word) {
  static const std::map<std::string_view, after_close> words = {
      {"reconnect", after_close::reconnect},
      {"limited", after_close::reconnect}, // reconnect_policy gives up after five
      {"fresh", after_close::reconnect_fresh},
      {"not_soon", after_close::stop}, // an attach that has ended does not come back by itself
      {"authenticate", after_close::stop},
      {"stop", after_close::stop},
      {"ended", after_close::ended},
  };
  return words.at(word);
}

void expect_action(std::uint16_t code, std::string_view word) {
  SCOPED_TRACE(code);
  // Stopped until a person acts, which here is a key.
  EXPECT_EQ(action_after(code), code == 4408 ? after_close::await_person : meaning_of(word));
  EXPECT_FALSE(explain_close(code).empty());
}

TEST(close_codes, each_does_what_the_table_says) {
  const auto table = close_codes();
  std::set<std::uint16_t> named;
  for (const auto& row : table.at("codes").as_array()) {
    const auto code = row.at("code").to_number<std::uint16_t>();
    named.insert(code);
    expect_action(code, row.at("client").as_string());
  }
  EXPECT_GE(named.size(), 18U);
  for (const auto& range : table.at("ranges").as_array()) {
    const auto last = range.at("to").to_number<unsigned>();
    for (auto code = range.at("from").to_number<unsigned>(); code <= last; ++code)
      if (!named.contains(static_cast<std::uint16_t>(code)))
        expect_action(static_cast<std::uint16_t>(code), range.at("client").as_string());
  }
  expect_action(0, "reconnect"); // a connection that broke has no code
}

TEST(close_codes, only_the_limited_ones_are_given_up) {
  fixed_random low;
  const auto table = close_codes();
  for (const auto& row : table.at("codes").as_array()) {
    const auto code = row.at("code").to_number<std::uint16_t>();
    SCOPED_TRACE(code);
    reconnect_policy policy(low);
    for (int i = 0; i < 5; ++i)
      EXPECT_TRUE(policy.next_delay(code, std::nullopt, start));
    EXPECT_EQ(policy.next_delay(code, std::nullopt, start).has_value(),
              row.at("client").as_string() != "limited");
  }
}

TEST(close_codes, a_reason_may_carry_the_seconds_to_wait) {
  EXPECT_EQ(retry_after_in("Retry-After: 5"), seconds(5));
  EXPECT_EQ(retry_after_in("at the limit; Retry-After=12"), seconds(12));
  EXPECT_EQ(retry_after_in("7"), seconds(7));
  EXPECT_EQ(retry_after_in("Retry-After: 99999"), seconds(600));
  EXPECT_FALSE(retry_after_in(""));
  EXPECT_FALSE(retry_after_in("restart"));
  EXPECT_FALSE(retry_after_in("Sun, 22 Nov 2026 16:00:00 GMT"));
}

TEST(reconnect_policy, the_span_doubles_up_to_thirty_seconds_and_the_jitter_is_full) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  milliseconds shortest{1'000'000};
  milliseconds longest{0};
  for (int i = 0; i < 2000; ++i) {
    reconnect_policy policy(random);
    for (int attempt = 0; attempt < 10; ++attempt) {
      const auto delay = *policy.next_delay(0, std::nullopt, start);
      ASSERT_GE(delay.count(), 0);
      ASSERT_LE(delay, std::min(milliseconds(30'000), milliseconds(500 << attempt)));
      if (attempt == 9) {
        shortest = std::min(shortest, delay);
        longest = std::max(longest, delay);
      }
    }
    ASSERT_EQ(policy.attempts(), 10U);
    policy.succeeded();
    ASSERT_EQ(policy.attempts(), 0U);
    ASSERT_LE(*policy.next_delay(0, std::nullopt, start), milliseconds(500));
  }
  EXPECT_LT(shortest, milliseconds(1000));
  EXPECT_GT(longest, milliseconds(29'000));
}

TEST(reconnect_policy, never_comes_before_the_server_wants) {
  fixed_random low;
  for (const std::uint16_t code : {0, 1012, 1013}) {
    reconnect_policy policy(low);
    EXPECT_EQ(policy.next_delay(code, milliseconds(2500), start), milliseconds(2500));
    EXPECT_EQ(policy.next_delay(code, std::nullopt, start), milliseconds(0));
    EXPECT_EQ(policy.next_delay(code, milliseconds::max(), start), seconds(600));
    EXPECT_EQ(policy.next_delay(code, milliseconds::min(), start), milliseconds(0));
  }
}

// A restart takes a few seconds: the client is back soon after it, and does not press for ever.
TEST(reconnect_policy, a_restarting_server_is_tried_often_for_twenty_seconds) {
  fixed_random random;
  reconnect_policy policy(random);
  constexpr milliseconds hint{700};
  expect_span(policy, random, 1012, hint, start, milliseconds(1000));
  const auto fast_until = start + hint + seconds(20);
  for (auto now = start + hint; now < fast_until; now += milliseconds(100))
    expect_span(policy, random, 0, milliseconds(0), now, milliseconds(1000));
  EXPECT_EQ(policy.attempts(), 0U);
  for (const int span : {500, 1000, 2000, 4000, 8000, 16'000, 30'000, 30'000})
    expect_span(policy, random, 0, milliseconds(0), fast_until, milliseconds(span));
}

TEST(reconnect_policy, a_server_that_only_restarts_is_not_tried_often_for_ever) {
  fixed_random random;
  reconnect_policy policy(random);
  for (auto now = start; now < start + seconds(20); now += seconds(1))
    expect_span(policy, random, 1012, milliseconds(0), now, milliseconds(1000));
  const auto later = start + seconds(20);
  for (const int span : {500, 1000, 2000, 4000})
    expect_span(policy, random, 1012, milliseconds(0), later, milliseconds(span));
  policy.succeeded();
  expect_span(policy, random, 1012, milliseconds(0), later, milliseconds(1000));
  expect_span(policy, random, 0, milliseconds(0), later + seconds(19), milliseconds(1000));
}

TEST(reconnect_policy, gives_up_after_five_internal_errors) {
  fixed_random low;
  reconnect_policy policy(low);
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(policy.next_delay(1011, std::nullopt, start));
  EXPECT_FALSE(policy.next_delay(1011, std::nullopt, start));
  policy.succeeded();
  EXPECT_TRUE(policy.next_delay(1011, std::nullopt, start));
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(policy.next_delay(1006, std::nullopt, start));
}

} // namespace
} // namespace roost::cli
