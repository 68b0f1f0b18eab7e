#include "actors/channel/breaker/breaker_types.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace roost::channel {
namespace {

TEST(breaker_types, states_are_named_as_the_api_names_them) {
  using state = breaker_state;
  for (const auto& [value, name] : {std::pair(state::closed, "closed"),
                                    {state::open, "open"},
                                    {state::half_open, "half-open"},
                                    {state::forced_open, "forced-open"},
                                    {state::disabled, "disabled"},
                                    {state::metrics_only, "metrics-only"}})
    EXPECT_EQ(to_string(value), name);
}

TEST(breaker_types, refusals_have_names) {
  for (const auto& [value, name] : {std::pair(refusal::open, "open"),
                                    {refusal::probing, "probing"},
                                    {refusal::forced_open, "forced-open"},
                                    {refusal::limit, "limit"}})
    EXPECT_EQ(to_string(value), name);
}

TEST(breaker_types, changes_have_names) {
  using change = breaker_change;
  for (const auto& [value, name] : {std::pair(change::state_changed, "state_changed"),
                                    {change::would_trip, "would_trip"},
                                    {change::override_set, "override_set"},
                                    {change::override_cleared, "override_cleared"},
                                    {change::override_expired, "override_expired"},
                                    {change::config_changed, "config_changed"}})
    EXPECT_EQ(to_string(value), name);
}

TEST(breaker_types, defaults_are_the_specifications) {
  const breaker_rules rules;
  EXPECT_EQ(rules.window, milliseconds(10'000));
  EXPECT_EQ(breaker_rules::buckets, 10U);
  EXPECT_EQ(rules.min_calls, 10U);
  EXPECT_EQ(rules.failure_rate, 0.5);
  EXPECT_EQ(rules.slow_rate, 0.8);
  EXPECT_EQ(rules.slow_at, 0.8);
  EXPECT_EQ(rules.consecutive, 5U);
  EXPECT_EQ(rules.open_base, milliseconds(5'000));
  EXPECT_EQ(rules.open_cap, milliseconds(60'000));
  EXPECT_EQ(rules.half_open_successes, 3U);
  EXPECT_EQ(rules.half_open_limit, milliseconds(30'000));
  EXPECT_EQ(rules.ramp, milliseconds(10'000));
  EXPECT_EQ(rules.limit, 32U);
  EXPECT_EQ(rules.limit_min, 2U);
  EXPECT_FALSE(rules.is_limit_adaptive);
  EXPECT_FALSE(rules.is_timeout_adaptive);
  EXPECT_EQ(breaker_rules::grace, milliseconds(250));
}

} // namespace
} // namespace roost::channel
