#include "actors/connection/counter_windows.hpp"

#include "actors/connection/log_histogram.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start{1h};

/// One counter that grows by one each millisecond: what a window holds is how long it is.
class ticking {
public:
  void tick_at(steady_time now) { windows.sample(total(now), now); }
  /// @param first, step, last since the start
  void tick_every(std::chrono::milliseconds step, std::chrono::milliseconds last) {
    for (auto at = step; at <= last; at += step)
      tick_at(start + at);
  }
  std::chrono::milliseconds over(std::chrono::milliseconds window, steady_time now) const {
    return std::chrono::milliseconds(windows.over(window, total(now), now).at(0));
  }

  counter_windows windows{1};

private:
  static std::vector<std::uint64_t> total(steady_time now) {
    return {static_cast<std::uint64_t>((now - start) / 1ms)};
  }
};

TEST(counter_windows, what_is_younger_than_the_window_counts_from_the_start) {
  ticking clockwork;
  EXPECT_EQ(clockwork.over(1s, start), 0ms);
  EXPECT_EQ(clockwork.over(1s, start + 100ms), 100ms);
  clockwork.tick_every(250ms, 750ms);
  EXPECT_EQ(clockwork.over(1s, start + 900ms), 900ms);
  EXPECT_EQ(clockwork.over(60s, start + 900ms), 900ms);
}

TEST(counter_windows, samples_in_time_give_windows_of_their_length) {
  ticking clockwork;
  clockwork.tick_every(250ms, 100s);
  for (const auto window : {1s, 2s})
    EXPECT_EQ(clockwork.over(window, start + 100s), window);
  for (const auto window : {10s, 60s}) { // of these only each fourth sample is kept
    EXPECT_GE(clockwork.over(window, start + 100s), window);
    EXPECT_LT(clockwork.over(window, start + 100s), window + 1s);
  }
}

TEST(counter_windows, between_samples_a_window_is_too_long_by_a_step_at_most) {
  ticking clockwork;
  clockwork.tick_every(250ms, 100s);
  for (auto later = 0ms; later < 250ms; later += 10ms) {
    const auto now = start + 100s + later;
    EXPECT_LE(clockwork.over(1s, now), 1250ms);
    EXPECT_GE(clockwork.over(1s, now), 1s);
    EXPECT_LE(clockwork.over(60s, now), 61s);
    EXPECT_GE(clockwork.over(60s, now), 60s);
  }
}

TEST(counter_windows, a_sample_that_comes_early_counts) {
  ticking clockwork;
  auto at = start;
  for (int i = 0; i < 400; ++i) // 249 and 251 ms by turns, as timers do
    clockwork.tick_at(at += i % 2 ? 251ms : 249ms);
  for (auto later = 0ms; later < 249ms; later += 10ms)
    EXPECT_LE(clockwork.over(1s, at + later), 1251ms);
}

TEST(counter_windows, after_a_pause_a_window_reaches_back_over_it) {
  ticking clockwork;
  clockwork.tick_every(250ms, 100s);
  const auto now = start + 100s + 5min;
  EXPECT_EQ(clockwork.over(1s, now), 5min); // nothing nearer is known
  clockwork.tick_at(now);
  EXPECT_EQ(clockwork.over(1s, now), 5min);
  EXPECT_EQ(clockwork.over(1s, now + 1s), 1s);
  EXPECT_EQ(clockwork.over(60s, now + 1s), 5min + 1s);
}

TEST(counter_windows, a_window_is_no_longer_than_the_longest) {
  ticking clockwork;
  clockwork.tick_every(250ms, 200s);
  EXPECT_EQ(clockwork.over(1h, start + 200s), clockwork.over(60s, start + 200s));
  EXPECT_LT(clockwork.over(1h, start + 200s), 61s);
}

TEST(counter_windows, memory_is_bounded_however_often_it_is_sampled) {
  constexpr std::size_t counters = 2 * log_histogram::buckets + 50;
  std::size_t most = 0;
  for (const auto step : {1ms, 90ms, 125ms, 175ms, 250ms, 875ms, 1000ms}) {
    counter_windows windows(counters);
    const std::vector<std::uint64_t> totals(counters);
    for (auto at = 0ms; at < 130s; at += step) {
      windows.sample(totals, start + at);
      most = std::max(most, windows.snapshots());
    }
  }
  EXPECT_EQ(most, 87u);
  EXPECT_LT(most * counters * sizeof(std::uint64_t), 460'000u);
}

/// Keeps every event and every sample, and looks them all through for each answer.
class oracle {
public:
  explicit oracle(std::size_t counters) : totals(counters) {}

  void event(std::size_t counter, std::uint64_t amount) {
    events.emplace_back(counter, amount);
    totals[counter] += amount;
  }
  void sample(steady_time now) { samples.push_back({now, events.size()}); }

  /// The growth since each moment that is an allowed start: the newest sample of at least that age,
  /// or one that was taken less than `tolerance` before it.
  std::vector<std::vector<std::uint64_t>> allowed(std::chrono::milliseconds window, steady_time now,
                                                  std::chrono::milliseconds tolerance) const {
    std::vector<std::vector<std::uint64_t>> answers;
    std::optional<steady_time> newest;
    for (auto at = samples.rbegin(); at != samples.rend(); ++at) {
      if (now - at->at < window)
        continue;
      newest = newest.value_or(at->at);
      if (at->at == *newest || *newest - at->at < tolerance)
        answers.push_back(since(at->events));
    }
    if (!newest)
      answers.push_back(since(0));
    return answers;
  }

  std::vector<std::uint64_t> totals;

private:
  struct moment {
    steady_time at;
    std::size_t events;
  };
  std::vector<std::uint64_t> since(std::size_t first) const {
    std::vector<std::uint64_t> grown(totals.size());
    for (auto i = first; i < events.size(); ++i)
      grown[events[i].first] += events[i].second;
    return grown;
  }

  std::vector<std::pair<std::size_t, std::uint64_t>> events;
  std::vector<moment> samples;
};

TEST(counter_windows_property, answers_as_one_who_keeps_every_event) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  int answers = 0;
  for (int schedule = 0; schedule < 150; ++schedule) {
    constexpr std::size_t counters = 3;
    counter_windows windows(counters);
    oracle truth(counters);
    auto now = start;
    // How irregular: never sooner than this, seldom later than that.
    const auto shortest = random.between(0, 1) ? random.between(1, 300) : 250;
    const auto longest = shortest + (random.between(0, 1) ? random.between(0, 2000) : 10);
    for (int i = 0; i < 400; ++i) {
      const bool is_pause = random.between(0, 99) == 0;
      now += std::chrono::milliseconds(is_pause ? random.between(0, 90'000)
                                                : random.between(shortest, longest));
      for (auto n = random.between(0, 3); n > 0; --n)
        truth.event(random.between(0, counters - 1), random.between(1, 1000));
      if (random.between(0, 3) > 0) {
        windows.sample(truth.totals, now);
        truth.sample(now);
      }
      for (auto n = random.between(0, 2); n > 0; --n)
        truth.event(random.between(0, counters - 1), random.between(1, 1000));
      if (random.between(0, 9) > 0)
        continue;
      const std::chrono::milliseconds window(random.between(0, 1) ? random.between(0, 2000)
                                                                  : random.between(0, 60'000));
      // Samples nearer than this to the one before may be passed over: half a step for the last two
      // seconds, half a step less than four before that.
      const auto tolerance = window <= 2s ? 125ms : 875ms;
      const auto got = windows.over(window, truth.totals, now);
      const auto allowed = truth.allowed(window, now, tolerance);
      ASSERT_NE(std::find(allowed.begin(), allowed.end(), got), allowed.end())
          << "schedule " << schedule << ", step " << i << ", " << window.count() << " ms";
      ++answers;
    }
  }
  EXPECT_GT(answers, 3000);
}

} // namespace
} // namespace roost::connection
