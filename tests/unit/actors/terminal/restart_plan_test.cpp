#include "actors/terminal/restart_plan.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace roost::terminal {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr auto policies =
    std::array{restart_policy::never, restart_policy::on_failure, restart_policy::always};

/// Neither more nor less jitter than it should be.
class middle final : public random_source {
public:
  std::uint64_t next() override { return ~0ull / 2; }
};

bool within_a_tenth(nanoseconds wait, nanoseconds nominal) {
  return wait >= nominal - nominal / 10 && wait <= nominal + nominal / 10;
}

TEST(restart_plan, policies_choose_the_ends_that_have_a_next) {
  seeded_random random(1);
  for (const auto policy : policies)
    for (const bool has_failed : {false, true}) {
      restart_plan plan{restart_limits{}};
      const bool wanted =
          policy == restart_policy::always || (policy == restart_policy::on_failure && has_failed);
      EXPECT_EQ(plan.next(policy, has_failed, 0ns, random).has_value(), wanted);
      EXPECT_FALSE(plan.has_given_up());
      EXPECT_EQ(plan.in_row(), wanted ? 1U : 0U);
    }
}

TEST(restart_plan, waits_double_up_to_the_longest_and_then_it_is_given_up) {
  seeded_random random(2);
  restart_plan plan{{100ms, 1'000ms, 10s, 6}};
  for (const auto nominal : {100ms, 200ms, 400ms, 800ms, 1'000ms, 1'000ms}) {
    const auto wait = plan.next(restart_policy::always, true, 9'999ms, random);
    ASSERT_TRUE(wait);
    EXPECT_TRUE(within_a_tenth(*wait, nominal)) << wait->count();
    EXPECT_LE(*wait, plan.longest_wait());
  }
  EXPECT_FALSE(plan.next(restart_policy::always, true, 9'999ms, random));
  EXPECT_TRUE(plan.has_given_up());
  EXPECT_EQ(plan.in_row(), 6U);
  EXPECT_TRUE(plan.next(restart_policy::always, true, 10s, random)) << "it ran well";
  EXPECT_FALSE(plan.has_given_up());
  EXPECT_EQ(plan.in_row(), 1U);
}

TEST(restart_plan, jitter_spreads_both_ways) {
  seeded_random random(3);
  nanoseconds least = 1h;
  nanoseconds most{0};
  for (int i = 0; i < 1'000; ++i) {
    restart_plan plan{{1s, 1s, 1s, 1}};
    const auto wait = *plan.next(restart_policy::always, true, 0ns, random);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, 910ms);
  EXPECT_GT(most, 1'090ms);
  EXPECT_GE(least, 900ms);
  EXPECT_LE(most, 1'100ms);
}

TEST(restart_plan, a_row_goes_on_over_a_restart_of_the_server) {
  middle random;
  restart_plan plan{{100ms, 10s, 10s, 5}, 3};
  EXPECT_TRUE(within_a_tenth(*plan.next(restart_policy::always, true, 0ns, random), 800ms));
  EXPECT_TRUE(plan.next(restart_policy::always, true, 0ns, random));
  EXPECT_FALSE(plan.next(restart_policy::always, true, 0ns, random));
  // A note of another configuration, or a damaged one.
  restart_plan beyond{{100ms, 10s, 10s, 5}, ~0U};
  EXPECT_FALSE(beyond.next(restart_policy::always, true, 0ns, random));
  EXPECT_TRUE(beyond.has_given_up());
}

TEST(restart_plan, the_longest_may_be_shorter_than_the_first) {
  middle random;
  restart_plan plan{{10s, 1s, 10s, 5}};
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(within_a_tenth(*plan.next(restart_policy::always, true, 0ns, random), 1s));
}

TEST(restart_plan, holds_its_promises_over_any_history) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 300; ++round) {
    const restart_limits limits{milliseconds(random.between(100, 3'600'000)),
                                milliseconds(random.between(100, 86'400'000)),
                                milliseconds(random.between(100, 86'400'000)),
                                static_cast<std::uint32_t>(random.between(1, 50))};
    restart_plan plan{limits};
    std::uint32_t in_row = 0;
    for (int step = 0; step < 300; ++step) {
      const auto policy = policies[random.between(0, 2)];
      const bool has_failed = random.between(0, 3) != 0;
      const bool is_stable = random.between(0, 30) == 0;
      const auto ran_for = is_stable ? limits.stable + milliseconds(random.between(0, 1'000))
                                     : milliseconds(random.between(0, limits.stable.count() - 1));
      const auto wait = plan.next(policy, has_failed, ran_for, random);
      if (policy == restart_policy::never ||
          (policy == restart_policy::on_failure && !has_failed)) {
        ASSERT_FALSE(wait || plan.has_given_up());
        continue;
      }
      if (is_stable)
        in_row = 0;
      ASSERT_EQ(wait.has_value(), in_row < limits.max);
      ASSERT_EQ(plan.has_given_up(), !wait);
      if (!wait)
        continue;
      const auto nominal = std::min<std::uint64_t>(
          static_cast<std::uint64_t>(limits.first.count()) << std::min(in_row, 30U),
          static_cast<std::uint64_t>(limits.longest.count()));
      ASSERT_TRUE(within_a_tenth(*wait, milliseconds(nominal))) << wait->count() << " " << nominal;
      ASSERT_LE(*wait, plan.longest_wait());
      ASSERT_EQ(plan.in_row(), ++in_row);
    }
  }
}

} // namespace
} // namespace roost::terminal
