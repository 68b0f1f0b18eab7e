#include "actors/database/initializer.hpp"

#include "actors/runtime/actor_clock.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

/// Does what the test says.
class scripted final : public backend {
public:
  result<std::uint32_t, init_failure> bring_up(const progress& tell) override {
    ++attempts;
    tell(database_state::connecting, 0, 0);
    if (why)
      return *why;
    tell(database_state::locking, 0, 0);
    tell(database_state::inspecting, 0, 0);
    tell(database_state::verifying, 0, 0);
    return std::uint32_t{4};
  }
  result<void, init_failure> check() override {
    ++checks;
    if (why)
      return *why;
    return {};
  }
  result<schema_look, init_failure> look() override { return schema_look{}; }
  const std::vector<migration>& known() const override { return none; }
  void stop() override { is_stopped = true; }

  std::optional<init_failure> why;
  std::vector<migration> none;
  int attempts = 0;
  int checks = 0;
  bool is_stopped = false;
};

class initializer_fixture : public test::actor_fixture {
protected:
  void start() {
    initializer_config config;
    config.machine.grace = 5s;
    config.time = &clock;
    config.random = &random;
    config.what = what;
    config.board = board;
    config.spawn_worker = [](caf::local_actor& parent, std::shared_ptr<backend> w,
                             const database_actor& owner) {
      return parent.spawn(database_worker, std::move(w), owner);
    };
    actor = sys.spawn(initializer, config);
    settle();
  }
  ~initializer_fixture() override {
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    actor = nullptr;
    settle();
  }
  void pass(std::chrono::milliseconds time) {
    for (auto passed = 0ms; passed < time; passed += 50ms) {
      clock.advance(50ms);
      advance(50ms, 50ms);
    }
  }
  database_state state() { return board->get().state; }

  test::manual_clock clock;
  seeded_random random{3};
  std::shared_ptr<scripted> what = std::make_shared<scripted>();
  std::shared_ptr<database_board> board = std::make_shared<database_board>();
  database_actor actor;
};

TEST_F(initializer_fixture, brings_the_database_up) {
  start();
  EXPECT_EQ(state(), database_state::ready);
  EXPECT_EQ(board->get().schema_version, 4U);
  EXPECT_EQ(what->attempts, 1);
}

TEST_F(initializer_fixture, looks_whether_it_is_still_there) {
  start();
  pass(10s);
  EXPECT_EQ(state(), database_state::ready);
  EXPECT_GE(what->checks, 8);
  EXPECT_EQ(what->attempts, 1);
}

TEST_F(initializer_fixture, says_that_it_is_gone_and_that_it_is_back) { // DB-6
  start();
  what->why = init_failure{trouble::transient, "gone"};
  pass(1'100ms);
  EXPECT_EQ(state(), database_state::connecting);
  pass(5s);
  EXPECT_EQ(state(), database_state::memory_only);
  EXPECT_EQ(board->get().reason, "gone");
  what->why.reset();
  pass(31s); // the longest wait
  EXPECT_EQ(state(), database_state::ready);
}

TEST_F(initializer_fixture, what_is_blocked_is_looked_at_again) {
  what->why = init_failure{trouble::permanent, "edited"};
  start();
  EXPECT_EQ(state(), database_state::blocked);
  pass(59s);
  EXPECT_EQ(what->attempts, 1);
  what->why.reset();
  pass(2s);
  EXPECT_EQ(state(), database_state::ready);
}

TEST_F(initializer_fixture, its_end_stops_what_blocks) {
  start();
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  actor = nullptr;
  settle();
  EXPECT_TRUE(what->is_stopped);
}

} // namespace
} // namespace roost::database
