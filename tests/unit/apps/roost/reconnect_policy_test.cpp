#include "apps/roost/reconnect_policy.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Always the smallest number that is allowed.
class lowest_random final : public random_source {
public:
  std::uint64_t next() override { return 0; }
};

// The contract of interfaces.md 3 and connections.md 3.3, code by code.
TEST(close_codes, each_says_what_the_client_does) {
  struct row {
    std::uint16_t code;
    after_close action;
  };
  for (const auto& [code, action] : {
           row{0, after_close::reconnect},    row{1001, after_close::reconnect},
           row{1006, after_close::reconnect}, row{1011, after_close::reconnect},
           row{1012, after_close::reconnect}, row{1013, after_close::reconnect},
           row{1002, after_close::stop},      row{1003, after_close::stop},
           row{1007, after_close::stop},      row{1008, after_close::stop},
           row{1009, after_close::stop},      row{4008, after_close::reconnect_fresh},
           row{4000, after_close::reconnect}, row{4399, after_close::reconnect},
           row{4400, after_close::stop},      row{4401, after_close::stop},
           row{4403, after_close::stop},      row{4408, after_close::stop},
           row{4409, after_close::stop},      row{4410, after_close::ended},
           row{4429, after_close::stop},      row{4499, after_close::stop},
       }) {
    EXPECT_EQ(action_after(code), action) << code;
    EXPECT_FALSE(explain_close(code).empty()) << code;
  }
}

TEST(close_codes, a_reason_may_carry_the_seconds_to_wait) {
  EXPECT_EQ(retry_after_in("Retry-After: 5"), seconds(5));
  EXPECT_EQ(retry_after_in("at the limit; Retry-After=12"), seconds(12));
  EXPECT_EQ(retry_after_in("7"), seconds(7));
  EXPECT_EQ(retry_after_in("Retry-After: 99999"), seconds(600));
  EXPECT_FALSE(retry_after_in(""));
  EXPECT_FALSE(retry_after_in("restart"));
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
      const auto delay = *policy.next_delay(0, std::nullopt);
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
    ASSERT_LE(*policy.next_delay(0, std::nullopt), milliseconds(500));
  }
  EXPECT_LT(shortest, milliseconds(1000));
  EXPECT_GT(longest, milliseconds(29'000));
}

TEST(reconnect_policy, never_comes_before_the_server_wants) {
  lowest_random low;
  reconnect_policy policy(low);
  EXPECT_EQ(policy.next_delay(1012, milliseconds(2500)), milliseconds(2500));
  EXPECT_EQ(policy.next_delay(1012, std::nullopt), milliseconds(0));
}

TEST(reconnect_policy, gives_up_after_five_internal_errors) {
  lowest_random low;
  reconnect_policy policy(low);
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(policy.next_delay(1011, std::nullopt));
  EXPECT_FALSE(policy.next_delay(1011, std::nullopt));
  policy.succeeded();
  EXPECT_TRUE(policy.next_delay(1011, std::nullopt));
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(policy.next_delay(1006, std::nullopt));
}

} // namespace
} // namespace roost::cli
