#include "actors/connection/pressure.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start{1h};
constexpr pressure_settings defaults{};

/// One gauge of a hundred places, and a clock.
class pressure_test : public testing::Test {
protected:
  /// The level that is told, or -1 when nothing is.
  int after(std::chrono::milliseconds step, std::uint64_t used) {
    now += step;
    const std::array gauges{pressure_gauge{"websockets", used, 100}};
    const auto told = model.update(gauges, now);
    return told ? told->level : -1;
  }

  steady_time now = start;
  pressure model{defaults};
};

TEST_F(pressure_test, rises_at_once) {
  EXPECT_EQ(after(0ms, 84), -1);
  EXPECT_EQ(after(0ms, 85), 1);
  EXPECT_EQ(after(0ms, 99), -1);
  EXPECT_EQ(after(0ms, 100), 2);
  EXPECT_EQ(after(0ms, 101), -1);
}

TEST_F(pressure_test, rises_from_nothing_to_full_in_one_step) { EXPECT_EQ(after(0ms, 100), 2); }

TEST_F(pressure_test, falls_to_one_after_the_dwell_without_a_full_gauge) {
  EXPECT_EQ(after(0ms, 100), 2);
  EXPECT_EQ(after(10s, 90), -1); // the first that is seen of it
  EXPECT_EQ(after(4999ms, 90), -1);
  EXPECT_EQ(after(1ms, 90), 1);
  EXPECT_EQ(after(1h, 90), -1);
}

TEST_F(pressure_test, a_full_moment_starts_the_dwell_again) {
  EXPECT_EQ(after(0ms, 100), 2);
  EXPECT_EQ(after(1s, 90), -1);
  EXPECT_EQ(after(4s, 100), -1);
  EXPECT_EQ(after(1s, 90), -1);
  EXPECT_EQ(after(4999ms, 90), -1);
  EXPECT_EQ(after(1ms, 90), 1);
}

TEST_F(pressure_test, between_release_and_at_the_level_stays) {
  EXPECT_EQ(after(0ms, 85), 1);
  EXPECT_EQ(after(1s, 75), -1);
  EXPECT_EQ(after(1h, 75), -1);
  EXPECT_EQ(after(0ms, 74), -1);
  EXPECT_EQ(after(5s, 74), 0);
  EXPECT_EQ(after(0ms, 84), -1);
}

TEST_F(pressure_test, falls_from_full_to_nothing_when_all_is_released) {
  EXPECT_EQ(after(0ms, 100), 2);
  EXPECT_EQ(after(1s, 0), -1);
  EXPECT_EQ(after(5s, 0), 0);
}

TEST_F(pressure_test, one_fall_follows_another_after_the_dwell) {
  EXPECT_EQ(after(0ms, 100), 2);
  EXPECT_EQ(after(1s, 80), -1);
  EXPECT_EQ(after(4s, 70), -1);
  EXPECT_EQ(after(1s, 70), 1);  // not full for 5 s, released for one
  EXPECT_EQ(after(4s, 70), -1); // released for 5 s, but it has just fallen
  EXPECT_EQ(after(999ms, 70), -1);
  EXPECT_EQ(after(1ms, 70), 0);
}

TEST_F(pressure_test, new_settings_count_from_the_next_update) {
  EXPECT_EQ(after(0ms, 60), -1);
  model.set({.at = 0.5, .release = 0.4});
  EXPECT_EQ(after(0ms, 60), 1);
  model.set({.at = 0.9, .release = 0.8, .dwell = 1s});
  EXPECT_EQ(after(1s, 60), -1);
  EXPECT_EQ(after(1s, 60), 0);
}

TEST_F(pressure_test, a_release_above_the_mark_counts_as_the_mark) {
  model.set({.at = 0.5, .release = 0.9, .dwell = 1s});
  EXPECT_EQ(after(0ms, 100), 2);
  EXPECT_EQ(after(1s, 60), -1);
  EXPECT_EQ(after(1s, 60), 1); // and not 0, from where it would rise again
  EXPECT_EQ(after(10s, 60), -1);
  EXPECT_EQ(after(0s, 49), -1);
  EXPECT_EQ(after(1s, 49), 0);
}

TEST(pressure, tells_which_gauge_is_tightest) {
  pressure model(defaults);
  EXPECT_EQ(model.state().gauge, "");
  const std::array gauges{pressure_gauge{"websockets", 90, 100}, pressure_gauge{"http", 500, 0},
                          pressure_gauge{"memory", 19, 20}, pressure_gauge{"local", 1, 100}};
  const auto told = model.update(gauges, start);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->level, 1);
  EXPECT_EQ(told->gauge, "memory");
  EXPECT_EQ(told->used, 19u);
  EXPECT_EQ(told->capacity, 20u);
  // The level stays; the figures move on.
  EXPECT_FALSE(model.update(std::span(gauges).first(2), start + 1s));
  EXPECT_EQ(model.state().level, 1);
  EXPECT_EQ(model.state().gauge, "websockets");
  EXPECT_EQ(model.state().used, 90u);
}

TEST(pressure, without_a_limit_there_is_no_pressure) {
  pressure model(defaults);
  const std::array gauges{pressure_gauge{"http", 500, 0}};
  EXPECT_FALSE(model.update(gauges, start));
  EXPECT_FALSE(model.update({}, start));
  EXPECT_EQ(model.state().capacity, 0u);
}

/// What there was to see at one update, and the level after it.
struct moment {
  steady_time at;
  bool is_full = false;    ///< some gauge has no room at all
  bool is_marked = false;  ///< some gauge is at the mark or above
  bool is_released = true; ///< every gauge is below release
  int level = 0;
};

/// Since when, until the newest, every moment passes the test; `never` when the newest does not.
template <class Predicate>
steady_time holds_since(const std::vector<moment>& story, Predicate test) {
  auto since = steady_time::max();
  for (auto at = story.rbegin(); at != story.rend() && test(*at); ++at)
    since = at->at;
  return since;
}

/// What must be true of the newest moment, whatever the model does inside.
void check_last(const std::vector<moment>& story, std::chrono::milliseconds dwell) {
  const auto& now = story.back();
  const auto before = story.size() > 1 ? story[story.size() - 2].level : 0;
  const int demanded = now.is_full ? 2 : now.is_marked ? 1 : 0;

  // Up in the same update as the cause, and never without one.
  ASSERT_GE(now.level, demanded);
  if (now.level > before) {
    ASSERT_EQ(now.level, demanded);
  }

  // Down only after a quiet time of its own, and as far as that time allows.
  auto last_change = steady_time::min();
  for (std::size_t i = 0; i + 1 < story.size(); ++i) {
    if (story[i].level != (i > 0 ? story[i - 1].level : 0))
      last_change = story[i].at;
  }
  const auto quiet_from = now.at - dwell;
  const bool is_settled = last_change <= quiet_from;
  const bool was_never_full =
      holds_since(story, [](const moment& m) { return !m.is_full; }) <= quiet_from;
  const bool was_released =
      holds_since(story, [](const moment& m) { return m.is_released; }) <= quiet_from;
  if (now.level < before) {
    ASSERT_TRUE(is_settled) << "two changes within the dwell";
    ASSERT_TRUE(was_never_full) << "left full too early";
    ASSERT_TRUE(now.level > 0 || was_released) << "left level 1 too early";
  }

  // And it does come down: a level that may fall is not kept.
  if (is_settled && was_released) {
    ASSERT_EQ(now.level, 0);
  }
  if (is_settled && was_never_full) {
    ASSERT_LE(now.level, 1);
  }
}

pressure_settings random_settings(random_source& random) {
  const auto at = random.between(10, 100);
  return {.at = static_cast<double>(at) / 100,
          .release = static_cast<double>(random.between(0, at)) / 100,
          .dwell = std::chrono::milliseconds(random.between(0, 6000))};
}

/// A gauge that lingers around the marks, where the decisions are.
pressure_gauge random_gauge(random_source& random, std::string_view name,
                            const pressure_settings& settings) {
  const auto capacity = random.between(0, 9) == 0 ? 0 : random.between(1, 200);
  const double around[] = {0, settings.release, settings.at, 1};
  const auto middle =
      static_cast<std::uint64_t>(around[random.between(0, 3)] * static_cast<double>(capacity));
  const auto shift = random.between(0, 4);
  return {name, middle + shift > 2 ? middle + shift - 2 : 0, capacity};
}

TEST(pressure, WS_9_changes_only_by_the_rules_whatever_the_gauges_and_the_clock_do) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  std::array<int, 3> changes_to{};
  for (int schedule = 0; schedule < 400; ++schedule) {
    auto settings = random_settings(random);
    pressure model(settings);
    std::vector<moment> story;
    std::vector<pressure_gauge> gauges;
    moment now{.at = start};
    const auto slowest = random.between(1, 3000);
    const auto stays = random.between(0, 30); // how rarely the gauges move
    for (int i = 0; i < 300; ++i) {
      now = {.at = now.at + std::chrono::milliseconds(random.between(0, slowest))};
      if (random.between(0, 99) == 0)
        model.set(settings = random_settings(random));
      if (random.between(0, stays) == 0) {
        gauges.clear();
        for (const auto* name : {"websockets", "local", "http", "memory"}) {
          if (random.between(0, 2) > 0)
            gauges.push_back(random_gauge(random, name, settings));
        }
      }
      double tightest = 0;
      for (const auto& gauge : gauges) {
        if (gauge.capacity == 0)
          continue;
        const auto part = static_cast<double>(gauge.used) / static_cast<double>(gauge.capacity);
        tightest = std::max(tightest, part);
        now.is_full |= gauge.used >= gauge.capacity;
        now.is_marked |= part >= settings.at;
        now.is_released &= part < settings.release && gauge.used < gauge.capacity;
      }
      const auto before = model.state().level;
      const auto told = model.update(gauges, now.at);
      const auto& state = model.state();
      now.level = state.level;
      story.push_back(now);
      ASSERT_NO_FATAL_FAILURE(check_last(story, settings.dwell))
          << "schedule " << schedule << ", update " << i;

      ASSERT_EQ(told.has_value(), before != state.level);
      if (told) {
        ASSERT_EQ(told->level, state.level);
        ++changes_to.at(static_cast<std::size_t>(state.level));
      }
      if (state.capacity > 0) {
        ASSERT_EQ(static_cast<double>(state.used) / static_cast<double>(state.capacity), tightest);
        ASSERT_TRUE(std::any_of(gauges.begin(), gauges.end(), [&](const pressure_gauge& gauge) {
          return gauge.name == state.gauge && gauge.used == state.used &&
                 gauge.capacity == state.capacity;
        }));
      } else {
        ASSERT_EQ(tightest, 0);
      }
    }
  }
  for (const auto count : changes_to)
    EXPECT_GT(count, 500); // the schedules reach all levels, from above and below
}

} // namespace
} // namespace roost::connection
