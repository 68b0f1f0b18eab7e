// SUP-1 (intensity), SUP-2 (one incarnation), SUP-3 (rest_for_one), SUP-4 (normal ends), SUP-5
// (ordered, bounded stops) and SUP-7 (backoff), case by case; see actors/supervision/README.md.
#include "actors/supervision/supervisor_model.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::supervision {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::string_view name_of(finish_reason why) {
  switch (why) {
  case finish_reason::asked:
    return "asked";
  case finish_reason::significant_ended:
    return "significant";
  case finish_reason::start_failed:
    return "start_failed";
  case finish_reason::intensity_exceeded:
    return "intensity";
  case finish_reason::child_stuck:
    return "stuck";
  }
  return "?";
}

/// A supervisor whose children start at once and end when told, unless a test says otherwise.
class bench {
public:
  explicit bench(supervisor_rules rules = {})
      : model(
            rules, [this] { return ++generation_; }, random_) {}

  void begin(const std::vector<std::string>& ids, restart_kind restart = restart_kind::permanent) {
    for (const auto& id : ids)
      model.declare({.id = id, .restart = restart});
    model.begin(now);
    run();
  }

  void crash(const std::string& id, exit_kind how = exit_kind::abnormal) {
    model.ended(id, model.find(id)->generation, how, now);
    run();
  }

  /// Moves time to each deadline until nothing is due before `step` is over.
  void advance(std::chrono::milliseconds step) {
    const auto until = now + step;
    for (auto at = model.deadline(); at && *at <= until; at = model.deadline()) {
      now = std::max(now, *at);
      model.wake(now);
      run();
    }
    now = until;
  }

  /// Takes and carries out all commands.
  void run() {
    while (const auto next = model.next())
      std::visit([this](const auto& x) { carry_out(x); }, *next);
  }

  /// What happened since the last call.
  std::vector<std::string> log() { return std::exchange(log_, {}); }

  child_state state(const std::string& id) const { return model.find(id)->state; }

  supervisor_model model;
  steady_time now{std::chrono::hours(1)};
  std::set<std::string> fails_to_start;
  std::set<std::string> ignores_stop;
  std::set<std::string> ignores_kill;

private:
  void carry_out(const start_command& x) {
    if (fails_to_start.contains(x.id)) {
      log_.push_back("!" + x.id);
      model.start_failed(x.id, x.generation, now);
    } else {
      log_.push_back("+" + x.id);
      model.started(x.id, x.generation, now);
    }
  }
  void carry_out(const stop_command& x) {
    log_.push_back("-" + x.id);
    if (!ignores_stop.contains(x.id))
      model.ended(x.id, x.generation, exit_kind::normal, now);
  }
  void carry_out(const kill_command& x) {
    log_.push_back("kill " + x.id);
    if (!ignores_kill.contains(x.id))
      model.ended(x.id, x.generation, exit_kind::abnormal, now);
  }
  void carry_out(const forgotten_command& x) { log_.push_back("forgot " + x.id); }
  void carry_out(const stuck_command& x) { log_.push_back("stuck " + x.id); }
  void carry_out(const finish_command& x) {
    log_.push_back(fmt::format("finish {}", name_of(x.reason)));
  }

  seeded_random random_{42};
  std::uint64_t generation_ = 0;
  std::vector<std::string> log_;
};

TEST(supervisor_model, sup_5_starts_left_to_right_and_stops_in_reverse) {
  bench b;
  b.begin({"a", "b", "c"});
  EXPECT_THAT(b.log(), ElementsAre("+a", "+b", "+c"));
  b.model.stop(b.now);
  b.run();
  EXPECT_THAT(b.log(), ElementsAre("-c", "-b", "-a", "finish asked"));
  EXPECT_TRUE(b.model.is_finished());
}

TEST(supervisor_model, without_children_it_runs_and_stops) {
  bench b;
  b.begin({});
  EXPECT_FALSE(b.model.is_finished());
  b.model.stop(b.now);
  b.run();
  EXPECT_THAT(b.log(), ElementsAre("finish asked"));
}

TEST(supervisor_model, one_for_one_restarts_only_the_crashed_one) {
  bench b;
  b.begin({"a", "b", "c"});
  b.log();
  b.crash("b");
  EXPECT_THAT(b.log(), IsEmpty());
  EXPECT_EQ(b.state("b"), child_state::waiting);
  b.advance(100ms);
  EXPECT_THAT(b.log(), ElementsAre("+b"));
  EXPECT_EQ(b.model.find("b")->restarts, 1U);
}

TEST(supervisor_model, one_for_all_stops_the_others_in_reverse_and_starts_all_in_order) {
  bench b({.strategy = restart_strategy::one_for_all});
  b.begin({"a", "b", "c"});
  b.log();
  b.crash("b");
  EXPECT_THAT(b.log(), ElementsAre("-c", "-a"));
  b.advance(100ms);
  EXPECT_THAT(b.log(), ElementsAre("+a", "+b", "+c"));
}

TEST(supervisor_model, sup_3_rest_for_one_restarts_exactly_the_later_ones_in_order) {
  bench b({.strategy = restart_strategy::rest_for_one});
  b.begin({"a", "b", "c", "d"});
  b.log();
  const auto before = b.model.find("a")->generation;
  b.crash("b");
  EXPECT_THAT(b.log(), ElementsAre("-d", "-c"));
  b.advance(100ms);
  EXPECT_THAT(b.log(), ElementsAre("+b", "+c", "+d"));
  EXPECT_EQ(b.model.find("a")->generation, before);
}

TEST(supervisor_model, sup_3_a_crash_of_an_earlier_one_widens_the_restart) {
  bench b({.strategy = restart_strategy::rest_for_one});
  b.begin({"a", "b", "c"});
  b.log();
  b.crash("c");
  b.crash("a");
  EXPECT_THAT(b.log(), ElementsAre("-b"));
  b.advance(400ms);
  EXPECT_THAT(b.log(), ElementsAre("+a", "+b", "+c"));
}

TEST(supervisor_model, sup_4_a_normal_end_restarts_permanent_children_only) {
  bench b;
  b.model.declare({.id = "permanent", .restart = restart_kind::permanent});
  b.model.declare({.id = "transient", .restart = restart_kind::transient});
  b.model.declare({.id = "temporary", .restart = restart_kind::temporary});
  b.model.begin(b.now);
  b.run();
  b.log();
  b.crash("permanent", exit_kind::normal);
  b.crash("transient", exit_kind::normal);
  b.crash("temporary", exit_kind::normal);
  b.advance(1min);
  EXPECT_THAT(b.log(), ElementsAre("forgot temporary", "+permanent"));
  EXPECT_EQ(b.state("transient"), child_state::ended);
  EXPECT_FALSE(b.model.find("temporary"));
}

TEST(supervisor_model, sup_4_a_crash_restarts_transient_but_not_temporary_children) {
  bench b;
  b.model.declare({.id = "transient", .restart = restart_kind::transient});
  b.model.declare({.id = "temporary", .restart = restart_kind::temporary});
  b.model.begin(b.now);
  b.run();
  b.log();
  b.crash("transient");
  b.crash("temporary");
  b.advance(1min);
  EXPECT_THAT(b.log(), ElementsAre("forgot temporary", "+transient"));
}

TEST(supervisor_model, sup_4_a_transient_child_that_ended_normally_stays_out_of_group_restarts) {
  bench b({.strategy = restart_strategy::one_for_all});
  b.model.declare({.id = "a"});
  b.model.declare({.id = "once", .restart = restart_kind::transient});
  b.model.begin(b.now);
  b.run();
  b.crash("once", exit_kind::normal);
  b.crash("a");
  b.log();
  b.advance(1s);
  EXPECT_THAT(b.log(), ElementsAre("+a"));
}

TEST(supervisor_model, a_group_restart_forgets_temporary_children) {
  bench b({.strategy = restart_strategy::one_for_all});
  b.model.declare({.id = "a"});
  b.model.declare({.id = "t", .restart = restart_kind::temporary});
  b.model.begin(b.now);
  b.run();
  b.log();
  b.crash("a");
  b.advance(1s);
  EXPECT_THAT(b.log(), ElementsAre("-t", "forgot t", "+a"));
}

TEST(supervisor_model, sup_1_one_crash_too_many_ends_the_supervisor) {
  bench b({.intensity = {.restarts = 5, .period = 30s}});
  b.begin({"a", "b"});
  for (int i = 0; i < 5; ++i) {
    b.crash("a");
    b.advance(4s);
    EXPECT_EQ(b.state("a"), child_state::running);
  }
  b.log();
  b.crash("a");
  EXPECT_THAT(b.log(), ElementsAre("-b", "finish intensity"));
}

TEST(supervisor_model, sup_1_crashes_that_are_far_apart_go_on_for_ever) {
  bench b({.intensity = {.restarts = 1, .period = 30s}});
  b.begin({"a"});
  for (int i = 0; i < 50; ++i) {
    b.crash("a");
    b.advance(31s);
    ASSERT_EQ(b.state("a"), child_state::running);
  }
}

TEST(supervisor_model, sup_2_a_report_of_an_earlier_incarnation_changes_nothing) {
  bench b;
  b.begin({"a"});
  const auto first = b.model.find("a")->generation;
  b.crash("a");
  b.advance(1s);
  b.log();
  b.model.ended("a", first, exit_kind::abnormal, b.now);
  b.run();
  EXPECT_EQ(b.state("a"), child_state::running);
  EXPECT_GT(b.model.find("a")->generation, first);
  EXPECT_THAT(b.log(), IsEmpty());
}

TEST(supervisor_model, sup_2_a_child_that_cannot_be_killed_is_not_doubled_but_escalated) {
  bench b({.strategy = restart_strategy::one_for_all, .kill_grace = 1s});
  b.ignores_stop = b.ignores_kill = {"b"};
  b.begin({"a", "b"});
  b.log();
  b.crash("a");
  b.advance(5s);
  EXPECT_THAT(b.log(), ElementsAre("-b", "kill b"));
  b.advance(1s);
  EXPECT_THAT(b.log(), ElementsAre("stuck b", "finish stuck"));
}

TEST(supervisor_model, sup_2_what_a_child_left_running_is_passed_up) {
  bench b;
  b.begin({"a", "b"});
  b.log();
  b.crash("b", exit_kind::beyond_repair);
  EXPECT_THAT(b.log(), ElementsAre("-a", "finish stuck"));
}

TEST(supervisor_model, sup_5_a_deaf_child_is_killed_at_its_deadline_and_holds_the_earlier_ones) {
  bench b;
  b.ignores_stop = {"b"};
  b.begin({"a", "b"});
  b.log();
  b.model.stop(b.now);
  b.run();
  b.advance(4999ms);
  EXPECT_THAT(b.log(), ElementsAre("-b"));
  b.advance(1ms);
  EXPECT_THAT(b.log(), ElementsAre("kill b", "-a", "finish asked"));
}

TEST(supervisor_model, sup_5_children_added_at_run_time_are_stopped_together) {
  bench b;
  b.begin({"a"});
  b.ignores_stop = b.ignores_kill = {"x", "y", "z"};
  for (const auto* id : {"x", "y", "z"})
    EXPECT_TRUE(b.model.add({.id = id, .restart = restart_kind::temporary}, b.now));
  b.run();
  b.log();
  b.model.stop(b.now);
  b.run();
  EXPECT_THAT(b.log(), ElementsAre("-z", "-y", "-x"));
  b.advance(6s); // one deadline for all of them
  EXPECT_THAT(b.log(), ElementsAre("kill x", "kill y", "kill z", "stuck x", "stuck y", "stuck z",
                                   "-a", "finish stuck"));
}

TEST(supervisor_model, sup_7_restarts_keep_to_the_backoff) {
  bench b({.intensity = {.restarts = 100, .period = 1h}});
  b.begin({"a"});
  auto least = 50ms;
  for (int i = 0; i < 12; ++i) {
    b.crash("a");
    b.advance(least - 1ms);
    EXPECT_EQ(b.state("a"), child_state::waiting) << i;
    b.advance(least + 1ms);
    EXPECT_EQ(b.state("a"), child_state::running) << i;
    least = std::min<std::chrono::milliseconds>(least * 2, 5s);
  }
}

TEST(supervisor_model, a_first_start_that_fails_ends_what_was_started) {
  bench b;
  b.fails_to_start = {"c"};
  b.begin({"a", "b", "c", "d"});
  EXPECT_THAT(b.log(), ElementsAre("+a", "+b", "!c", "-b", "-a", "finish start_failed"));
}

TEST(supervisor_model, sup_1_a_restart_that_fails_counts_as_a_crash) {
  bench b({.intensity = {.restarts = 3, .period = 1h}});
  b.begin({"a", "b"});
  b.log();
  b.fails_to_start = {"b"};
  b.crash("b");
  b.advance(1min);
  EXPECT_THAT(b.log(), ElementsAre("!b", "!b", "!b", "-a", "finish intensity"));
}

TEST(supervisor_model, children_come_and_go_at_run_time) {
  bench b({.max_children = 2});
  b.begin({"a"});
  b.log();
  EXPECT_TRUE(b.model.add({.id = "t", .restart = restart_kind::temporary}, b.now));
  b.run();
  EXPECT_THAT(b.log(), ElementsAre("+t"));
  EXPECT_TRUE(b.model.add({.id = "t"}, b.now).error().is(supervision_error::child_exists));
  EXPECT_TRUE(b.model.add({.id = "u"}, b.now).error().is(supervision_error::too_many_children));
  EXPECT_TRUE(b.model.remove("t", b.now));
  b.run();
  EXPECT_THAT(b.log(), ElementsAre("-t", "forgot t"));
  EXPECT_TRUE(b.model.remove("t", b.now).error().is(supervision_error::no_such_child));
  EXPECT_TRUE(b.model.add({.id = "t"}, b.now)) << "the name is free again";
  b.run();
  b.model.stop(b.now);
  EXPECT_TRUE(b.model.add({.id = "v"}, b.now).error().is(supervision_error::stopping));
}

TEST(supervisor_model, an_added_child_that_cannot_start_is_forgotten) {
  bench b;
  b.begin({"a"});
  b.fails_to_start = {"t"};
  b.log();
  EXPECT_TRUE(b.model.add({.id = "t"}, b.now));
  b.run();
  EXPECT_THAT(b.log(), ElementsAre("!t", "forgot t"));
  EXPECT_FALSE(b.model.is_stopping());
}

TEST(supervisor_model, a_waiting_child_can_be_removed) {
  bench b;
  b.begin({"a"});
  b.crash("a");
  b.log();
  EXPECT_TRUE(b.model.remove("a", b.now));
  b.run();
  b.advance(1min);
  EXPECT_THAT(b.log(), ElementsAre("forgot a"));
}

TEST(supervisor_model, one_stuck_temporary_child_does_not_take_the_others_down) {
  bench b;
  b.begin({});
  b.ignores_stop = b.ignores_kill = {"t"};
  (void)b.model.add({.id = "t", .restart = restart_kind::temporary}, b.now);
  (void)b.model.add({.id = "u", .restart = restart_kind::temporary}, b.now);
  b.run();
  b.log();
  EXPECT_TRUE(b.model.remove("t", b.now));
  b.run();
  b.advance(10s);
  EXPECT_THAT(b.log(), ElementsAre("-t", "kill t", "stuck t"));
  EXPECT_EQ(b.state("u"), child_state::running);
  EXPECT_TRUE(b.model.remove("t", b.now).error().is(supervision_error::child_stuck));
  b.crash("t");
  EXPECT_THAT(b.log(), ElementsAre("forgot t")) << "gone after all";
}

TEST(supervisor_model, a_significant_child_that_is_done_ends_the_supervisor) {
  bench b;
  b.model.declare({.id = "a"});
  b.model.declare(
      {.id = "job", .restart = restart_kind::transient, .weight = significance::significant});
  b.model.begin(b.now);
  b.run();
  b.log();
  b.crash("job", exit_kind::normal);
  EXPECT_THAT(b.log(), ElementsAre("-a", "finish significant"));
}

TEST(supervisor_model, stopping_cancels_a_restart) {
  bench b;
  b.begin({"a", "b"});
  b.crash("a");
  b.log();
  b.model.stop(b.now);
  b.run();
  b.advance(1min);
  EXPECT_THAT(b.log(), ElementsAre("-b", "finish asked"));
}

TEST(supervisor_model, a_deadline_in_the_past_is_never_left_behind) {
  bench b({.strategy = restart_strategy::rest_for_one, .intensity = {.restarts = 9}});
  b.begin({"a", "b", "c"});
  b.crash("c");
  b.crash("c");
  b.crash("a");
  b.advance(1min);
  EXPECT_FALSE(b.model.deadline());
  for (const auto* id : {"a", "b", "c"})
    EXPECT_EQ(b.state(id), child_state::running);
}

} // namespace
} // namespace roost::supervision
