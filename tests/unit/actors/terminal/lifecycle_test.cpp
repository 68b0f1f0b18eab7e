#include "actors/terminal/lifecycle.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/seeded_random.hpp"

namespace roost::terminal {
namespace {

using namespace std::chrono_literals;

constexpr auto drain = 1s;
const steady_time start{1h};

lifecycle running() {
  lifecycle life(kill_ladder(), drain);
  life.on_spawned();
  return life;
}

TEST(lifecycle, ends_when_the_program_and_its_output_have_ended_in_either_order) {
  auto first = running();
  EXPECT_FALSE(first.on_child_exit(start).has_ended);
  EXPECT_EQ(first.state(), session_state::exiting);
  EXPECT_TRUE(first.on_output_end(start).has_ended);
  EXPECT_EQ(first.state(), session_state::exited);

  auto second = running();
  EXPECT_FALSE(second.on_output_end(start).has_ended);
  EXPECT_EQ(second.state(), session_state::running);
  EXPECT_TRUE(second.on_child_exit(start).has_ended);
}

TEST(lifecycle, does_not_wait_for_ever_for_who_still_holds_the_terminal) {
  auto life = running();
  const auto step = life.on_child_exit(start);
  ASSERT_EQ(step.wake_at, start + drain);
  EXPECT_FALSE(life.on_time(start + drain - 1ms).has_ended) << "too early";
  const auto last = life.on_time(start + drain);
  EXPECT_TRUE(last.has_ended);
  EXPECT_FALSE(last.signal) << "nobody asked for the background job's end";
}

TEST(lifecycle, climbs_the_ladder) {
  auto life = running();
  auto step = life.on_kill_requested(start);
  EXPECT_EQ(step.signal, SIGHUP);
  EXPECT_EQ(step.wake_at, start + 2s);
  EXPECT_FALSE(life.on_kill_requested(start + 1s).signal) << "asking again does not hurry";
  step = life.on_time(start + 2s);
  EXPECT_EQ(step.signal, SIGTERM);
  EXPECT_EQ(step.wake_at, start + 5s);
  step = life.on_time(start + 5s);
  EXPECT_EQ(step.signal, SIGKILL);
  EXPECT_FALSE(step.wake_at);
  EXPECT_FALSE(life.on_time(start + 1h).signal);
  EXPECT_EQ(life.state(), session_state::exiting);
}

TEST(lifecycle, stops_climbing_when_the_program_has_gone) {
  auto life = running();
  life.on_kill_requested(start);
  const auto step = life.on_child_exit(start + 1s);
  EXPECT_EQ(step.wake_at, start + 1s + drain);
  const auto last = life.on_time(start + 1s + drain);
  EXPECT_TRUE(last.has_ended);
  EXPECT_EQ(last.signal, SIGKILL) << "who is left of a session that was asked to end";
}

TEST(lifecycle, kill_now_skips_the_ladder) {
  auto life = running();
  life.on_kill_requested(start);
  EXPECT_EQ(life.on_kill_now(start).signal, SIGKILL);

  auto draining = running();
  draining.on_child_exit(start);
  const auto step = draining.on_kill_now(start);
  EXPECT_TRUE(step.has_ended);
  EXPECT_EQ(step.signal, SIGKILL);
}

TEST(lifecycle, a_failed_spawn_is_the_end) {
  lifecycle life(kill_ladder(), drain);
  EXPECT_TRUE(life.on_spawn_failed().has_ended);
  EXPECT_EQ(life.state(), session_state::exited);
  EXPECT_FALSE(life.on_spawn_failed().has_ended);
}

TEST(lifecycle, any_order_of_events_moves_only_forward_and_ends_once) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 2000; ++round) {
    lifecycle life(kill_ladder(), drain);
    auto now = start;
    auto state = life.state();
    int endings = 0;
    std::size_t signals = 0;
    std::optional<steady_time> wake_at;
    const auto feed = [&](const lifecycle_step& step) {
      endings += step.has_ended ? 1 : 0;
      signals += step.signal ? 1 : 0;
      wake_at = step.wake_at;
      ASSERT_GE(life.state(), state);
      state = life.state();
      ASSERT_EQ(state == session_state::exited, endings == 1);
      ASSERT_FALSE(state == session_state::exited && wake_at) << "no timer outlives the session";
    };
    for (int event = 0; event < 20; ++event) {
      now += std::chrono::milliseconds(random.between(0, 1500));
      switch (random.between(0, 6)) {
      case 0:
        feed(life.on_spawned());
        break;
      case 1:
        feed(life.on_kill_requested(now));
        break;
      case 2:
        if (random.between(0, 3) == 0)
          feed(life.on_kill_now(now));
        break;
      case 3:
        if (life.state() != session_state::starting && random.between(0, 3) == 0)
          feed(life.on_child_exit(now));
        break;
      case 4:
        if (random.between(0, 3) == 0)
          feed(life.on_output_end(now));
        break;
      default:
        feed(life.on_time(now));
        break;
      }
      if (HasFatalFailure())
        return;
    }
    // Whatever came before: an exit, and then time, ends the session.
    feed(life.on_spawned());
    feed(life.on_child_exit(now));
    feed(life.on_time(now + drain));
    ASSERT_EQ(endings, 1);
    ASSERT_LE(signals, 20u);
  }
}

} // namespace
} // namespace roost::terminal
