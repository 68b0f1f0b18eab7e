#include "actors/connection/pool_watch.hpp"

#include "tests/support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using kind = pool_watch::order::kind;

class pool_watch_test : public ::testing::Test {
protected:
  pool_watch_test() {
    limits.max = 20;
    limits.max_per_key = 10;
    limits.max_per_user = 10;
    desk = std::make_shared<pool_desk>(limits, time);
    settings.idle_timeout = 100s;
    settings.memory_budget = 100 << 20;
    subject.emplace(desk, settings, histories, time);
  }

  struct client {
    std::uint64_t id = 0;
    place claim;
    std::shared_ptr<connection_figures> figures;
  };

  client come(std::string key = "192.0.2.1", std::string user = "token") {
    client c;
    c.id = ++newest;
    c.claim = std::move(desk->reserve(key, user, standing::admin).claim);
    c.figures = std::make_shared<connection_figures>();
    touch(c);
    subject->add({c.id, "label", user, key, key, false, c.figures});
    return c;
  }
  void leave(client& c) {
    subject->remove(c.id);
    c.claim.release();
  }
  void touch(const client& c) const {
    c.figures->active_at_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(time.now().time_since_epoch())
            .count();
  }
  /// Looks for a while; every order that came.
  std::vector<pool_watch::order> watch(std::chrono::milliseconds span) {
    std::vector<pool_watch::order> all;
    for (auto left = span; left.count() > 0; left -= pool_watch::step) {
      time.advance(pool_watch::step);
      for (const auto& one : subject->look().orders)
        all.push_back(one);
    }
    return all;
  }
  static std::size_t count(const std::vector<pool_watch::order>& all, kind what) {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& one) { return one.what == what; }));
  }

  test::manual_clock time;
  pool_limits limits;
  watch_settings settings;
  std::shared_ptr<pool_desk> desk;
  std::shared_ptr<std::atomic<std::uint64_t>> histories =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::optional<pool_watch> subject;
  std::uint64_t newest = 0;
};

TEST_F(pool_watch_test, who_is_idle_is_warned_once_and_then_ended_once) {
  const auto c = come();
  EXPECT_THAT(watch(79s), testing::IsEmpty());
  const auto warned = watch(2s);
  ASSERT_EQ(warned.size(), 1U);
  EXPECT_EQ(warned[0].what, kind::warn_idle);
  EXPECT_EQ(warned[0].seconds, 20);
  EXPECT_EQ(warned[0].id, c.id);
  const auto ended = watch(60s);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].what, kind::end_idle);
}

TEST_F(pool_watch_test, who_does_something_after_the_warning_stays_and_is_warned_anew) {
  const auto c = come();
  EXPECT_EQ(count(watch(90s), kind::warn_idle), 1U);
  touch(c);
  EXPECT_THAT(watch(79s), testing::IsEmpty());
  EXPECT_EQ(count(watch(2s), kind::warn_idle), 1U);
}

TEST_F(pool_watch_test, nobody_is_idle_when_the_time_is_zero) {
  settings.idle_timeout = 0ms;
  subject->set(settings);
  const auto c = come();
  EXPECT_THAT(watch(600s), testing::IsEmpty());
}

TEST_F(pool_watch_test, everybody_hears_when_all_places_are_nearly_taken) {
  std::vector<client> all;
  for (int i = 0; i < 17; ++i) // 17 of 20 is 85 %
    all.push_back(come("key" + std::to_string(i), "user" + std::to_string(i)));
  const auto up = watch(250ms);
  EXPECT_EQ(count(up, kind::pressure), 17U);
  EXPECT_EQ(up[0].pressure.level, 1);
  EXPECT_EQ(up[0].pressure.used, 17U);
  EXPECT_EQ(up[0].pressure.capacity, 20U);
  EXPECT_THAT(watch(5s), testing::IsEmpty());
  for (int i = 0; i < 3; ++i) {
    leave(all.back());
    all.pop_back();
  }
  EXPECT_THAT(watch(4s), testing::IsEmpty()) << "it must be quiet for a while";
  const auto down = watch(2s);
  EXPECT_EQ(count(down, kind::pressure), 14U);
  EXPECT_EQ(down[0].pressure.level, 0);
}

TEST_F(pool_watch_test, a_share_that_is_nearly_used_up_concerns_its_owner_only) {
  const auto stranger = come("elsewhere", "other");
  std::vector<client> mine;
  for (int i = 0; i < 10; ++i)
    mine.push_back(come("home", "user" + std::to_string(i)));
  const auto up = watch(250ms);
  EXPECT_EQ(count(up, kind::pressure), 10U);
  for (const auto& one : up) {
    EXPECT_NE(one.id, stranger.id);
    EXPECT_EQ(one.pressure.level, 2);
    EXPECT_EQ(one.pressure.capacity, 10U);
  }
  EXPECT_EQ(subject->state().level, 0);
  const auto late = come("elsewhere", "other");
  EXPECT_THAT(watch(1s), testing::IsEmpty());
  for (auto& c : mine)
    leave(c);
  EXPECT_THAT(watch(10s), testing::IsEmpty());
}

TEST_F(pool_watch_test, a_newcomer_hears_of_pressure_that_is_there) {
  *histories = 95 << 20;
  auto first = come();
  EXPECT_EQ(count(watch(250ms), kind::pressure), 1U);
  const auto second = come("other", "user");
  const auto news = watch(250ms);
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].id, second.id);
}

TEST_F(pool_watch_test, when_memory_is_short_the_biggest_laggards_give_first) {
  *histories = 60 << 20;
  auto small = come("a", "a");
  auto big = come("b", "b");
  auto bigger = come("c", "c");
  small.figures->queued_bytes = 64 << 10;
  big.figures->queued_bytes = 10 << 20;
  bigger.figures->queued_bytes = 20 << 20;
  const auto found = watch(250ms); // 90 of 100 MiB; to get to 75, the biggest is enough
  std::vector<std::uint64_t> shed;
  for (const auto& one : found)
    if (one.what == kind::shed)
      shed.push_back(one.id);
  EXPECT_THAT(shed, testing::ElementsAre(bigger.id));
  bigger.figures->queued_bytes = 0;
  EXPECT_EQ(count(watch(250ms), kind::shed), 0U);
}

TEST_F(pool_watch_test, totals_never_fall_and_windows_forget) {
  auto c = come();
  c.figures->bytes_in = 100;
  c.figures->bytes_out = 1000;
  c.figures->streams = 1;
  c.figures->lag_bytes = 5000;
  c.figures->rtt_us = 1500;
  desk->totals().note(refusal::user);
  watch(500ms);
  auto report = subject->report(true);
  ASSERT_EQ(report.rows.size(), 1U);
  EXPECT_EQ(report.rows[0].lag_bytes, 5000U);
  EXPECT_EQ(report.totals[pool_columns::bytes_in], 100U);
  EXPECT_EQ(report.windows[0][pool_columns::bytes_out], 1000U);
  leave(c);
  EXPECT_EQ(subject->report(false).totals[pool_columns::bytes_in], 100U);
  watch(3s);
  report = subject->report(true);
  EXPECT_TRUE(report.rows.empty());
  EXPECT_EQ(report.totals[pool_columns::bytes_out], 1000U);
  EXPECT_EQ(report.windows[0][pool_columns::bytes_out], 0U) << "longer than a second ago";
  EXPECT_EQ(report.windows[1][pool_columns::bytes_out], 1000U);
  const std::span<const std::uint64_t> rtt(&report.windows[2][pool_columns::rtt],
                                           log_histogram::buckets);
  EXPECT_NEAR(static_cast<double>(log_histogram::quantile(rtt, 0.5)), 1500, 190);
  watch(70s);
  EXPECT_EQ(subject->report(false).windows[2][pool_columns::refused + 5 + 1], 0U);
}

} // namespace
} // namespace roost::connection
