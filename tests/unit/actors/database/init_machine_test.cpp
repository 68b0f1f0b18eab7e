#include "actors/database/init_machine.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace roost::database {
namespace {

using namespace std::chrono_literals;
using state = database_state;

struct init_machine_fixture : testing::Test {
  init_machine::settings settings() {
    init_machine::settings out;
    out.backend = database_backend::postgresql;
    out.grace = 5s;
    return out;
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    at += time;
    machine.tick(now, at);
  }
  void begin() { machine.begin(now, at); }
  void succeed() {
    for (const auto to : {state::locking, state::inspecting, state::verifying})
      machine.advance(to, 0, 0, at);
    machine.succeed(3, 0, now, at);
  }
  std::chrono::milliseconds fail(trouble kind = trouble::transient, std::string why = "away") {
    return machine.fail({kind, std::move(why)}, now, at, random);
  }
  std::vector<state> seen() {
    std::vector<state> out;
    for (const auto& each : machine.report().transitions)
      out.push_back(each.to);
    return out;
  }

  steady_time now{};
  wall_time at{};
  seeded_random random{1};
  init_machine machine{settings(), at};
};

TEST_F(init_machine_fixture, goes_through_all_its_states) {
  EXPECT_EQ(machine.state(), state::idle);
  begin();
  machine.advance(state::locking, 0, 0, at);
  machine.advance(state::inspecting, 0, 0, at);
  machine.advance(state::migrating, 1, 2, at);
  EXPECT_EQ(machine.report().step, 1U);
  EXPECT_EQ(machine.report().steps, 2U);
  machine.advance(state::migrating, 2, 2, at);
  machine.advance(state::verifying, 0, 0, at);
  EXPECT_FALSE(machine.is_usable());
  machine.succeed(2, 0, now, at);
  EXPECT_TRUE(machine.is_usable());
  EXPECT_EQ(machine.report().schema_version, 2U);
  EXPECT_EQ(seen(), (std::vector{state::idle, state::connecting, state::locking, state::inspecting,
                                 state::migrating, state::verifying, state::ready}));
}

TEST_F(init_machine_fixture, is_memory_only_after_the_grace) { // DB-6
  begin();
  pass(1s);
  fail();
  EXPECT_EQ(machine.state(), state::connecting);
  EXPECT_EQ(machine.report().reason, "away");
  EXPECT_EQ(machine.report().attempt, 1U);
  pass(3999ms);
  EXPECT_EQ(machine.state(), state::connecting);
  pass(1ms);
  EXPECT_EQ(machine.state(), state::memory_only);
  EXPECT_EQ(machine.report().reason, "away");
  begin();
  EXPECT_EQ(machine.state(), state::memory_only) << "that it is tried again is no news";
  fail();
  EXPECT_EQ(machine.state(), state::memory_only);
  EXPECT_EQ(machine.report().attempt, 2U);
  begin();
  succeed();
  EXPECT_EQ(machine.state(), state::ready);
  EXPECT_EQ(machine.report().reason, "");
  EXPECT_EQ(machine.report().attempt, 0U);
}

TEST_F(init_machine_fixture, an_attempt_that_hangs_is_memory_only_too) {
  begin();
  pass(5s);
  EXPECT_EQ(machine.state(), state::memory_only);
  EXPECT_EQ(machine.report().reason, "the database does not answer");
}

TEST_F(init_machine_fixture, a_loss_begins_a_grace_of_its_own) {
  begin();
  succeed();
  EXPECT_FALSE(machine.grace_ends());
  pass(100s);
  fail();
  EXPECT_EQ(machine.state(), state::connecting);
  EXPECT_EQ(machine.grace_ends(), now + 5s);
  pass(5s);
  EXPECT_EQ(machine.state(), state::memory_only);
  EXPECT_FALSE(machine.grace_ends());
}

TEST_F(init_machine_fixture, a_long_migration_is_not_memory_only) {
  begin();
  machine.advance(state::migrating, 1, 1, at);
  pass(60s);
  EXPECT_EQ(machine.state(), state::migrating);
}

TEST_F(init_machine_fixture, what_an_operator_has_to_mend_is_blocked) {
  begin();
  EXPECT_EQ(fail(trouble::permanent, "edited"), 60s);
  EXPECT_EQ(machine.state(), state::blocked);
  pass(60s);
  begin();
  EXPECT_EQ(machine.state(), state::blocked) << "until it is known to be mended";
  EXPECT_EQ(machine.report().reason, "edited");
  succeed();
  EXPECT_EQ(machine.state(), state::ready);
}

TEST_F(init_machine_fixture, catches_up_before_it_is_ready) {
  begin();
  machine.succeed(1, 7, now, at);
  EXPECT_EQ(machine.state(), state::catching_up);
  EXPECT_TRUE(machine.is_usable());
  EXPECT_EQ(machine.report().outbox, 7U);
  machine.set_backlog(3, {}, at);
  EXPECT_EQ(machine.state(), state::catching_up);
  machine.set_backlog(0, {}, at);
  EXPECT_EQ(machine.state(), state::ready);
}

TEST_F(init_machine_fixture, a_database_that_takes_nothing_is_behind) {
  begin();
  succeed();
  machine.set_backlog(5, {}, at);
  EXPECT_EQ(machine.state(), state::ready) << "some records are always on their way";
  machine.set_backlog(9, "no room", at);
  machine.set_backlog(9, "no room", at);
  EXPECT_EQ(machine.state(), state::catching_up);
  EXPECT_EQ(machine.report().reason, "no room");
  EXPECT_EQ(machine.report().entered[static_cast<std::size_t>(state::catching_up)], 1U);
  machine.set_backlog(3, {}, at);
  EXPECT_EQ(machine.state(), state::catching_up);
  machine.set_backlog(0, {}, at);
  EXPECT_EQ(machine.state(), state::ready);
  EXPECT_EQ(machine.report().reason, "");
  begin();
  fail();
  const auto before = machine.state();
  machine.set_backlog(3, "no room", at);
  EXPECT_EQ(machine.state(), before) << "it is away, which is worse";
}

TEST_F(init_machine_fixture, its_history_is_bounded_and_counts_everything) {
  for (int i = 0; i < 100; ++i) {
    begin();
    succeed();
    fail();
  }
  const auto report = machine.report();
  EXPECT_EQ(report.transitions.size(), 64U);
  EXPECT_EQ(report.entered[static_cast<std::size_t>(state::ready)], 100U);
}

// Whatever happens in whatever order: memory-only is said when, and only when, the database has
// been away for the grace, and `since` is when the state began.
TEST(init_machine_property, says_what_is_so) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  init_machine::settings with;
  with.grace = 5s;
  steady_time now{};
  wall_time at{};
  init_machine machine(with, at);
  bool is_trying = false;
  std::optional<steady_time> away; // nothing was tried yet
  bool is_up = false;
  for (int i = 0; i < 100'000; ++i) {
    const auto passed = std::chrono::milliseconds(random.between(0, 1500));
    now += passed;
    at += passed;
    machine.tick(now, at);
    const auto before = machine.state();
    switch (random.between(0, 3)) {
    case 0:
      if (!is_trying && !machine.is_usable()) {
        machine.begin(now, at);
        if (!away)
          away = now;
        is_trying = true;
      }
      break;
    case 1:
      if (is_trying) {
        machine.succeed(1, 0, now, at);
        away.reset();
        is_up = true;
        is_trying = false;
      }
      break;
    case 2:
      if (is_trying || machine.is_usable()) {
        if (!away)
          away = now;
        machine.fail({trouble::transient, "x"}, now, at, random);
        is_up = false;
        is_trying = false;
      }
      break;
    default:
      break;
    }
    machine.tick(now, at);
    const auto report = machine.report();
    if (report.state != before) {
      ASSERT_EQ(report.since, at);
    }
    ASSERT_EQ(report.state == state::memory_only, away && now - *away >= with.grace)
        << "step " << i;
    ASSERT_EQ(report.state == state::ready, is_up);
    ASSERT_LE(report.transitions.size(), with.history);
  }
}

} // namespace
} // namespace roost::database
