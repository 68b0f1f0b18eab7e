#include "actors/supervision/restart_window.hpp"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::supervision {
namespace {

using namespace std::chrono_literals;

const steady_time start{std::chrono::hours(1)};

TEST(restart_window, sup_1_admits_as_many_as_the_intensity) {
  restart_window window({.restarts = 5, .period = 30s});
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(window.admit(start + std::chrono::seconds(i)));
  EXPECT_FALSE(window.admit(start + 29s));
  EXPECT_TRUE(window.admit(start + 30s)); // the first is out of the window
  EXPECT_FALSE(window.admit(start + 30s));
}

TEST(restart_window, an_intensity_of_zero_admits_nothing) {
  restart_window window({.restarts = 0, .period = 30s});
  EXPECT_FALSE(window.admit(start));
}

TEST(restart_window, sup_1_holds_in_every_window) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 200; ++round) {
    const restart_intensity limit{.restarts = static_cast<std::uint32_t>(random.between(1, 6)),
                                  .period = std::chrono::milliseconds(random.between(1, 1'000))};
    restart_window window(limit);
    std::vector<steady_time> admitted;
    auto now = start;
    for (int i = 0; i < 200; ++i) {
      now += std::chrono::milliseconds(random.between(0, 300));
      if (window.admit(now))
        admitted.push_back(now);
    }
    for (std::size_t i = limit.restarts; i < admitted.size(); ++i)
      EXPECT_GE(admitted[i] - admitted[i - limit.restarts], limit.period);
  }
}

} // namespace
} // namespace roost::supervision
