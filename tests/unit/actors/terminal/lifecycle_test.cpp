#include "actors/terminal/lifecycle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace roost::terminal {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds drain = 1s;
// Of the default ladder, from HUP to KILL.
constexpr milliseconds ladder = 5s;
// What a process gets to go after KILL when the program's status is known.
constexpr milliseconds last_patience = 2s;
const steady_time zero{1h};

enum class event {
  spawned,
  spawn_failed,
  kill,
  kill_now,
  exit,       ///< of the first process
  empty,      ///< no process is left
  output_end, ///< nobody has the PTY open
  lost,
  time, ///< a timer that was not asked for, or is late
};

struct happening {
  event what;
  milliseconds at{0};
};

struct sent {
  int signal;
  milliseconds at;

  friend bool operator==(const sent&, const sent&) = default;
};

lifecycle_step feed(lifecycle& life, event what, steady_time now) {
  switch (what) {
  case event::spawned:
    return life.on_spawned();
  case event::spawn_failed:
    return life.on_spawn_failed();
  case event::kill:
    return life.on_kill_requested(now);
  case event::kill_now:
    return life.on_kill_now(now);
  case event::exit:
    return life.on_child_exit(now);
  case event::empty:
    return life.on_tree_empty(now);
  case event::output_end:
    return life.on_output_end(now);
  case event::lost:
    return life.on_lost();
  case event::time:
    break;
  }
  return life.on_time(now);
}

/// A session whose timers come when they were asked for; times are since its start.
class played_life {
public:
  /// Lets time pass, and then something happen. Events come in the order of their times.
  void play(const happening& x) {
    pass_until(x.at);
    apply(feed(life_, x.what, zero + x.at), x.at);
  }
  /// Lets timers fire until one asks for nothing, at most up to a time.
  void pass_until(milliseconds end) {
    while (wake_at_ && *wake_at_ <= zero + end) {
      const auto at = *wake_at_;
      apply(life_.on_time(at), std::chrono::duration_cast<milliseconds>(at - zero));
    }
  }

  [[nodiscard]] const lifecycle& life() const { return life_; }
  [[nodiscard]] const std::vector<sent>& signals() const { return signals_; }
  [[nodiscard]] std::optional<milliseconds> ended_at() const { return ended_at_; }

private:
  void apply(const lifecycle_step& step, milliseconds at) {
    const bool was_over = ended_at_.has_value();
    EXPECT_GE(life_.state(), state_) << "a life goes one way";
    EXPECT_FALSE(was_over && (step.has_ended || step.signal || life_.state() != state_))
        << "after the end nothing happens";
    state_ = life_.state();
    if (step.signal)
      signals_.push_back({*step.signal, at});
    if (step.has_ended)
      ended_at_ = at;
    const bool is_over = state_ == session_state::exited || state_ == session_state::lost;
    EXPECT_EQ(is_over, ended_at_.has_value()) << "an end is told, and only an end";
    EXPECT_FALSE(is_over && step.wake_at) << "no timer outlives the session";
    EXPECT_FALSE(step.has_ended && step.signal) << "who is left then hears nothing any more";
    EXPECT_FALSE(step.wake_at && *step.wake_at < zero + at);
    wake_at_ = step.wake_at;
  }

  lifecycle life_{kill_ladder(), drain};
  session_state state_ = session_state::starting;
  std::optional<steady_time> wake_at_;
  std::vector<sent> signals_;
  std::optional<milliseconds> ended_at_;
};

struct life_case {
  const char* name;
  std::vector<happening> events;
  std::vector<sent> signals;
  std::optional<milliseconds> ends;
  session_state state = session_state::exited;
};

const life_case lives[] = {
    {"a failed start is the end", {{event::spawn_failed}}, {}, 0ms},
    {"nothing ends a session that runs",
     {{event::spawned}, {event::time, 1h}},
     {},
     std::nullopt,
     session_state::running},
    {"exit, empty, end of output",
     {{event::spawned}, {event::exit, 10ms}, {event::empty, 20ms}, {event::output_end, 30ms}},
     {},
     30ms},
    {"the end of output may come first",
     {{event::spawned}, {event::output_end, 10ms}, {event::exit, 20ms}, {event::empty, 30ms}},
     {},
     30ms},
    {"a program that only closed its terminal runs on",
     {{event::spawned}, {event::output_end, 10ms}, {event::time, 1h}},
     {},
     std::nullopt,
     session_state::running},
    {"a stranger who holds the PTY is waited for, but not for ever",
     {{event::spawned}, {event::exit, 10ms}, {event::empty, 500ms}},
     {},
     500ms + drain},
    {"whoever says that none is left knows that the program has exited",
     {{event::spawned}, {event::empty, 10ms}, {event::output_end, 20ms}},
     {},
     20ms},

    {"what is left behind may end by itself",
     {{event::spawned}, {event::exit}, {event::output_end}, {event::empty, drain - 1ms}},
     {},
     drain - 1ms},
    {"what is left behind goes up the ladder after the drain",
     {{event::spawned}, {event::exit}, {event::output_end}, {event::empty, drain + 2100ms}},
     {{SIGHUP, drain}, {SIGTERM, drain + 2s}},
     drain + 2100ms},
    {"what cannot be killed is not waited for once the status is known",
     {{event::spawned}, {event::exit}, {event::output_end}, {event::time, 1h}},
     {{SIGHUP, drain}, {SIGTERM, drain + 2s}, {SIGKILL, drain + ladder}},
     drain + ladder + last_patience},
    {"somebody asks for the end of what is left: no drain",
     {{event::spawned},
      {event::exit},
      {event::kill, 100ms},
      {event::empty, 200ms},
      {event::output_end, 210ms}},
     {{SIGHUP, 100ms}},
     210ms},
    {"asking while what is left is on the ladder already changes nothing",
     {{event::spawned},
      {event::exit},
      {event::output_end},
      {event::kill, drain + 100ms},
      {event::empty, drain + 2100ms}},
     {{SIGHUP, drain}, {SIGTERM, drain + 2s}},
     drain + 2100ms},

    {"the whole ladder",
     {{event::spawned},
      {event::kill},
      {event::exit, 5100ms},
      {event::empty, 5110ms},
      {event::output_end, 5120ms}},
     {{SIGHUP, 0ms}, {SIGTERM, 2s}, {SIGKILL, 5s}},
     5120ms},
    {"asking again does not hurry",
     {{event::spawned},
      {event::kill},
      {event::kill, 1s},
      {event::kill, 3s},
      {event::time, 4s},
      {event::exit, 4500ms},
      {event::empty, 4500ms},
      {event::output_end, 4500ms}},
     {{SIGHUP, 0ms}, {SIGTERM, 2s}},
     4500ms},
    {"the program goes, its jobs stay: the ladder goes on at its own times",
     {{event::spawned},
      {event::kill},
      {event::exit, 500ms},
      {event::output_end, 500ms},
      {event::empty, 5010ms}},
     {{SIGHUP, 0ms}, {SIGTERM, 2s}, {SIGKILL, 5s}},
     5010ms},
    {"a program that hangs in the kernel is exiting until it is gone",
     {{event::spawned}, {event::kill}, {event::time, 1h}},
     {{SIGHUP, 0ms}, {SIGTERM, 2s}, {SIGKILL, 5s}},
     std::nullopt,
     session_state::exiting},
    {"and then its output gets the drain",
     {{event::spawned}, {event::kill}, {event::exit, 1min}, {event::empty, 1min}},
     {{SIGHUP, 0ms}, {SIGTERM, 2s}, {SIGKILL, 5s}},
     1min + drain},
    {"nobody waits for a stranger when the end was asked for",
     {{event::spawned}, {event::exit}, {event::empty}, {event::kill, 100ms}},
     {},
     100ms},

    {"nor when it was asked for at once",
     {{event::spawned}, {event::exit}, {event::empty}, {event::kill_now, 100ms}},
     {},
     100ms},

    {"kill now",
     {{event::spawned},
      {event::kill_now},
      {event::exit, 10ms},
      {event::empty, 10ms},
      {event::output_end, 10ms}},
     {{SIGKILL, 0ms}},
     10ms},
    {"kill now in the middle of the ladder",
     {{event::spawned}, {event::kill}, {event::kill_now, 500ms}, {event::time, 1h}},
     {{SIGHUP, 0ms}, {SIGKILL, 500ms}},
     std::nullopt,
     session_state::exiting},
    {"kill now, of what is left behind",
     {{event::spawned}, {event::exit}, {event::kill_now, 100ms}, {event::time, 1h}},
     {{SIGKILL, 100ms}},
     100ms + last_patience},
    {"kill now again and again does not put the end off",
     {{event::spawned},
      {event::exit},
      {event::kill_now, 100ms},
      {event::kill_now, 1100ms},
      {event::kill_now, 2000ms},
      {event::time, 1h}},
     {{SIGKILL, 100ms}, {SIGKILL, 1100ms}, {SIGKILL, 2000ms}},
     100ms + last_patience},

    {"the keeper dies", {{event::spawned}, {event::lost, 5ms}}, {}, 5ms, session_state::lost},
    {"the keeper dies between two programs", {{event::lost, 5ms}}, {}, 5ms, session_state::lost},
    {"the keeper dies on the ladder",
     {{event::spawned}, {event::kill}, {event::lost, 3s}, {event::time, 1h}},
     {{SIGHUP, 0ms}, {SIGTERM, 2s}},
     3s,
     session_state::lost},
    {"what has ended cannot be lost",
     {{event::spawned}, {event::exit}, {event::empty}, {event::output_end}, {event::lost, 5ms}},
     {},
     0ms},
};

TEST(lifecycle, each_life_goes_as_the_table_says) {
  for (const auto& x : lives) {
    SCOPED_TRACE(x.name);
    played_life life;
    for (const auto& each : x.events)
      life.play(each);
    life.pass_until(2h);
    EXPECT_EQ(life.life().state(), x.state);
    EXPECT_EQ(life.ended_at(), x.ends);
    ASSERT_EQ(life.signals().size(), x.signals.size());
    for (std::size_t i = 0; i < x.signals.size(); ++i)
      EXPECT_EQ(life.signals()[i], x.signals[i])
          << life.signals()[i].signal << " at " << life.signals()[i].at.count();
  }
}

TEST(lifecycle, tells_whether_somebody_asked_for_the_end) {
  for (const auto what : {event::kill, event::kill_now}) {
    played_life life;
    life.play({event::spawned});
    EXPECT_FALSE(life.life().is_kill_requested());
    life.play({what});
    EXPECT_TRUE(life.life().is_kill_requested());
  }
  played_life by_itself;
  by_itself.play({event::spawned});
  by_itself.play({event::exit});
  by_itself.pass_until(drain + 100ms);
  EXPECT_EQ(by_itself.signals().size(), 1u);
  EXPECT_FALSE(by_itself.life().is_kill_requested()) << "what is left behind is nobody's request";
}

class random_lives : public ::testing::Test {
protected:
  void SetUp() override { seed_ = test::pick_seed(); }
  std::uint64_t seed_ = 0;
};

/// What must hold for the signals of any life with the default ladder.
void check_signals(const std::vector<sent>& signals, std::optional<milliseconds> killed_now) {
  for (std::size_t i = 1; i < signals.size(); ++i)
    EXPECT_TRUE(signals[i - 1].signal != SIGKILL || signals[i].signal == SIGKILL)
        << "nothing polite after KILL";
  for (const int polite : {SIGHUP, SIGTERM})
    EXPECT_LE(std::ranges::count(signals, polite, &sent::signal), 1);
  const auto term = std::ranges::find(signals, SIGTERM, &sent::signal);
  const auto kill = std::ranges::find(signals, SIGKILL, &sent::signal);
  if (term != signals.end() && kill != signals.end() && !(killed_now && *killed_now <= kill->at)) {
    EXPECT_GE(kill->at - term->at, 2s) << "time to end in order";
  }
}

TEST_F(random_lives, any_order_of_events_ends_once_and_for_all) {
  ROOST_SEED_TRACE(seed_);
  seeded_random random(seed_);
  for (int round = 0; round < 5000 && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    played_life life;
    milliseconds now{0};
    std::optional<milliseconds> killed_now;
    for (int i = 0; i < 25; ++i) {
      now += milliseconds(random.between(0, 1500));
      // What ends a life at once is rare, else nothing else is ever seen.
      auto what = static_cast<event>(random.between(0, 8));
      if ((what == event::lost || what == event::kill_now || what == event::spawn_failed) &&
          random.between(0, 9) > 0)
        what = event::time;
      if (what == event::kill_now && !killed_now)
        killed_now = now;
      life.play({what, now});
    }
    // Whatever came before.
    life.play({event::spawned, now});
    life.play({event::exit, now});
    life.pass_until(now + drain + ladder + last_patience);
    EXPECT_TRUE(life.ended_at());
    check_signals(life.signals(), killed_now);
    for (int i = 0; i <= static_cast<int>(event::time); ++i)
      life.play({static_cast<event>(i), now + 1h}); // `apply` sees that nothing changes
  }
}

TEST_F(random_lives, an_end_that_is_asked_for_comes_in_time) {
  ROOST_SEED_TRACE(seed_);
  seeded_random random(seed_);
  const auto within = [&random](milliseconds most) {
    return milliseconds(random.between(0, static_cast<std::uint64_t>(most.count())));
  };
  for (int round = 0; round < 5000 && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    // The program goes at some time, by KILL at the latest. The rest may stay for ever.
    const auto asked = within(3s);
    std::vector<happening> events{{event::kill, asked}, {event::exit, within(asked + ladder)}};
    if (random.between(0, 1) == 0)
      events.push_back({event::empty, events.back().at + within(9s)});
    if (random.between(0, 1) == 0)
      events.push_back({event::output_end, within(9s)});
    for (auto more = random.between(0, 9); more > 0; --more)
      events.push_back(
          {random.between(0, 2) == 0 ? event::kill_now : event::kill, asked + within(9s)});
    std::ranges::stable_sort(events, {}, &happening::at);
    played_life life;
    life.play({event::spawned});
    for (const auto& x : events)
      life.play(x);
    life.pass_until(1h);
    ASSERT_TRUE(life.ended_at());
    EXPECT_LE(*life.ended_at(), asked + ladder + drain + last_patience);
    EXPECT_EQ(life.life().state(), session_state::exited);
  }
}

} // namespace
} // namespace roost::terminal
