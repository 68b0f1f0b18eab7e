#include "actors/connection/pool_desk.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace roost::connection {
namespace {

pool_limits small() {
  pool_limits limits;
  limits.max = 8;
  limits.max_per_key = 5;
  limits.max_per_user = 6;
  limits.max_handshakes = 4;
  limits.handshake_rate = 0;
  return limits;
}

TEST(pool_desk, WS_2_a_claim_comes_back_once_wherever_it_went) {
  const auto desk = std::make_shared<pool_desk>(small());
  auto first = desk->reserve("a", "t", standing::ordinary).claim;
  auto moved = std::move(first);
  EXPECT_FALSE(first); // NOLINT(bugprone-use-after-move): that it is empty is the point
  EXPECT_EQ(desk->usage().websockets, 1U);
  moved = desk->reserve("a", "t", standing::ordinary).claim;
  EXPECT_EQ(desk->usage().websockets, 1U) << "the one it replaced came back";
  moved.release();
  moved.release();
  EXPECT_EQ(desk->usage().websockets, 0U);
  EXPECT_TRUE(moved.wake()) << "an empty claim says yes and does nothing";
}

TEST(pool_desk, a_claim_outlives_everybody_else_who_knows_the_desk) {
  auto desk = std::make_shared<pool_desk>(small());
  auto claim = desk->accept("a").claim;
  desk.reset();
  claim.settle();
  claim.release();
}

TEST(pool_desk, what_happens_is_counted) {
  const auto desk = std::make_shared<pool_desk>(small());
  std::vector<place> held;
  for (int i = 0; i < 6; ++i)
    held.push_back(desk->reserve("a", "t", standing::ordinary).claim);
  held.push_back(desk->accept("b").claim);
  held.push_back(desk->accept_local().claim);
  EXPECT_EQ(desk->totals().refused[static_cast<std::size_t>(refusal::address)], 1U);
  EXPECT_EQ(desk->totals().accepted, 2U);
  EXPECT_EQ(desk->usage().websockets, 5U);
}

TEST(pool_desk, WS_1_and_WS_2_hold_when_many_threads_come_and_go) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  const auto desk = std::make_shared<pool_desk>(small());
  const auto visit = [&](std::uint64_t number) {
    std::mt19937_64 random(seed + number);
    std::vector<place> held;
    for (int i = 0; i < 20'000; ++i) {
      const auto key = "key" + std::to_string(random() % 3);
      pool_desk::answer answer;
      switch (random() % 4) {
      case 0:
        answer = desk->accept(key);
        break;
      case 1:
        answer = desk->reserve(key, "user" + std::to_string(random() % 2), standing::ordinary);
        break;
      case 2:
        answer = desk->accept_local();
        break;
      default:
        if (!held.empty())
          held.erase(held.begin() + static_cast<std::ptrdiff_t>(random() % held.size()));
      }
      if (answer.claim) {
        switch (random() % 4) {
        case 0:
          answer.claim.settle();
          answer.claim.rest();
          break;
        case 1:
          static_cast<void>(answer.claim.commit());
          break;
        default:
          break;
        }
        held.push_back(std::move(answer.claim));
      }
      const auto usage = desk->usage();
      ASSERT_LE(usage.websockets, 8U);
      ASSERT_LE(usage.http, 8U);
      ASSERT_LE(usage.handshakes, 4U);
      ASSERT_LE(usage.local, 8U);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t i = 0; i < 4; ++i)
      threads.emplace_back(visit, i);
  }
  const auto usage = desk->usage();
  EXPECT_EQ(usage.websockets + usage.http + usage.local + usage.handshakes + usage.idle, 0U);
}

} // namespace
} // namespace roost::connection
