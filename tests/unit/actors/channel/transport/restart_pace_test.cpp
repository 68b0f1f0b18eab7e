#include "actors/channel/transport/restart_pace.hpp"

#include <gtest/gtest.h>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;

TEST(restart_pace_test, the_first_is_at_once_and_waits_double_up_to_the_cap) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    restart_pace pace(seed);
    EXPECT_EQ(pace.next(1s), 0ms);
    auto full = 100ms;
    for (int i = 0; i < 40; ++i) {
      const auto wait = pace.next(29'999ms);
      EXPECT_GE(wait, full / 2) << "attempt " << i;
      EXPECT_LE(wait, full) << "attempt " << i;
      full = std::min(full * 2, std::chrono::milliseconds(10'000));
    }
  }
}

TEST(restart_pace_test, a_program_that_ran_for_long_begins_the_row_anew) {
  restart_pace pace(1);
  for (int i = 0; i < 20; ++i)
    pace.next(0s);
  EXPECT_EQ(pace.next(30s), 0ms);
  EXPECT_LE(pace.next(0s), 100ms);
  EXPECT_GE(pace.next(0s), 100ms);
}

TEST(restart_pace_test, waits_are_spread_and_can_be_repeated) {
  restart_pace one(1);
  restart_pace same(1);
  restart_pace other(2);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const auto wait = one.next(0s);
    EXPECT_EQ(wait, same.next(0s));
    differs = differs || wait != other.next(0s);
  }
  EXPECT_TRUE(differs);
}

} // namespace
} // namespace roost::channel
