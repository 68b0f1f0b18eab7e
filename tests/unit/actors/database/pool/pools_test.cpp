#include "actors/database/pool/pools.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <utility>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

/// Answers when the test lets it.
using held_worker = pool_worker_actor::extend<caf::reacts_to<timer_fired>>;

/// What the workers do: nothing until the test says so.
struct script {
  struct held {
    held_worker by;
    std::shared_ptr<const pool_question> what;
  };
  std::deque<held> held;
  question_done next;               ///< what the worker says that is let go
  std::vector<database_pool> links; ///< one for each that was made
  int cancelled = 0;
};

class scripted_link final : public shared_link {
public:
  explicit scripted_link(script& s) : script_(s) {}
  store_result<void> answer(const store_look&, steady_time) override { return {}; }
  void cancel() override { ++script_.cancelled; }

private:
  script& script_;
};

struct held_state {
  explicit held_state(held_worker::pointer) {}
  static inline constexpr const char* name = "held";
  caf::typed_response_promise<question_done> promise;
};
held_worker::behavior_type scripted_worker(held_worker::stateful_pointer<held_state> self,
                                           script* s) {
  return {[self, s](const answer_question& x) -> caf::result<question_done> {
            self->state.promise = self->make_response_promise<question_done>();
            s->held.push_back({self, x.what});
            return self->state.promise;
          },
          [self, s](const timer_fired&) { self->state.promise.deliver(s->next); }};
}

class pools_fixture : public test::actor_fixture {
protected:
  pools_fixture() {
    be(database_state::ready);
    pools_config config;
    config.app = {{.size = 2, .most_waiting = 2, .idle = 60s, .retry = {}},
                  maker(database_pool::app)};
    config.analytics = {{.size = 1, .most_waiting = 1, .idle = 60s, .retry = {}},
                        maker(database_pool::analytics)};
    config.time = &clock;
    config.random = &random;
    config.database = database;
    config.board = board;
    config.spawn_worker = [this](caf::local_actor& parent, const std::shared_ptr<shared_link>&) {
      workers.push_back(parent.spawn(scripted_worker, &what));
      return workers.back();
    };
    actor = sys.spawn(pools, config);
    settle();
  }
  ~pools_fixture() override {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    settle();
    while (!what.held.empty())
      answer();
    workers.clear();
    actor = nullptr;
  }
  link_maker maker(database_pool of) {
    return [this, of] {
      what.links.push_back(of);
      return std::make_shared<scripted_link>(what);
    };
  }
  void be(database_state state) {
    database_report now;
    now.state = state;
    database->put(now);
  }
  void pass(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= 10ms) {
      clock.advance(10ms);
      advance(10ms);
    }
  }
  auto ask_of(database_pool pool, std::chrono::milliseconds patience = 10s, std::uint64_t key = 0) {
    auto pending = request(actor, ask_shared{pool, patience, [](store&) {}, key});
    settle();
    return pending;
  }
  void answer(question_done with = {true, 0, {}}) {
    auto first = std::move(what.held.front());
    what.held.pop_front();
    what.next = std::move(with);
    caf::anon_send(first.by, timer_fired{});
    settle();
  }
  database_pool_report report(database_pool of) {
    return board->get().at(static_cast<std::size_t>(of));
  }

  test::manual_clock clock;
  seeded_random random{1};
  script what;
  std::vector<pool_worker_actor> workers;
  std::shared_ptr<database_board> database = std::make_shared<database_board>();
  std::shared_ptr<database_pools_board> board = std::make_shared<database_pools_board>();
  pools_actor actor;
};

TEST_F(pools_fixture, answers_when_the_worker_has) {
  auto asked = ask_of(database_pool::app);
  EXPECT_EQ(report(database_pool::app).busy, 1U);
  answer();
  EXPECT_TRUE(collect<shared_answered>(asked).value);
  EXPECT_EQ(report(database_pool::app).busy, 0U);
  EXPECT_EQ(report(database_pool::app).size, 2U);
  EXPECT_EQ(report(database_pool::app).waits, 1U);
  EXPECT_EQ(what.links.size(), 1U);
}

TEST_F(pools_fixture, DB_10_a_full_pool_delays_no_other) {
  auto slow = ask_of(database_pool::analytics);
  auto waiting = ask_of(database_pool::analytics);
  auto refused = ask_of(database_pool::analytics);
  EXPECT_TRUE(collect<shared_answered>(refused).why.is(request_error::at_capacity));
  auto quick = ask_of(database_pool::app);
  EXPECT_EQ(what.links, (std::vector{database_pool::analytics, database_pool::app}));
  std::swap(what.held.front(), what.held.back());
  answer();
  EXPECT_TRUE(collect<shared_answered>(quick).value);
  EXPECT_EQ(report(database_pool::app).waited_seconds, 0);
  EXPECT_EQ(report(database_pool::analytics).refused, 1U);
  answer();
  answer();
  EXPECT_TRUE(collect<shared_answered>(slow).value);
  EXPECT_TRUE(collect<shared_answered>(waiting).value);
}

TEST_F(pools_fixture, the_deadline_answers_whatever_the_worker_does) {
  auto asked = ask_of(database_pool::app, 1s);
  pass(1s);
  EXPECT_TRUE(collect<shared_answered>(asked).why.is(request_error::deadline_exceeded));
  EXPECT_EQ(what.cancelled, 1);
  EXPECT_TRUE(what.held.front().what->is_over);
  EXPECT_EQ(report(database_pool::app).busy, 1U) << "until it comes back";
  EXPECT_EQ(report(database_pool::app).timeouts, 1U);
  answer();
  EXPECT_EQ(report(database_pool::app).busy, 0U);
}

TEST_F(pools_fixture, what_is_cancelled_is_over_at_once) {
  auto asked = ask_of(database_pool::analytics, 10s, 7);
  auto waiting = ask_of(database_pool::analytics, 10s, 8);
  for (const std::uint64_t key : {8, 7, 99, 0})
    caf::anon_send(actor, cancel_shared{key});
  EXPECT_TRUE(collect<shared_answered>(waiting).why.is(request_error::deadline_exceeded));
  EXPECT_TRUE(collect<shared_answered>(asked).why.is(request_error::deadline_exceeded));
  EXPECT_EQ(what.cancelled, 1);
  EXPECT_EQ(report(database_pool::analytics).cancelled, 2U);
}

TEST_F(pools_fixture, nobody_waits_for_a_database_that_is_away) {
  auto running = ask_of(database_pool::analytics);
  auto waiting = ask_of(database_pool::analytics);
  be(database_state::memory_only);
  auto refused = ask_of(database_pool::app);
  EXPECT_TRUE(collect<shared_answered>(refused).why.is(request_error::store_unavailable));
  pass(500ms);
  EXPECT_TRUE(collect<shared_answered>(waiting).why.is(request_error::store_unavailable));
  answer({false, static_cast<std::uint8_t>(trouble::transient), "no route"});
  EXPECT_TRUE(collect<shared_answered>(running).why.is(request_error::store_unavailable));
  be(database_state::catching_up);
  pass(500ms);
  auto again = ask_of(database_pool::analytics);
  answer();
  EXPECT_TRUE(collect<shared_answered>(again).value) << "back by itself";
}

TEST_F(pools_fixture, a_worker_that_died_is_replaced) {
  auto first = ask_of(database_pool::analytics);
  answer();
  EXPECT_TRUE(collect<shared_answered>(first).value);
  caf::anon_send_exit(workers.front(), caf::exit_reason::kill);
  settle();
  auto asked = ask_of(database_pool::analytics);
  EXPECT_TRUE(collect<shared_answered>(asked).why.is(request_error::store_unavailable));
  pass(500ms);
  auto again = ask_of(database_pool::analytics);
  answer();
  EXPECT_TRUE(collect<shared_answered>(again).value);
  EXPECT_EQ(workers.size(), 2U);
}

TEST_F(pools_fixture, a_worker_without_work_ends) {
  auto asked = ask_of(database_pool::app);
  answer();
  EXPECT_TRUE(collect<shared_answered>(asked).value);
  pass(61s);
  auto again = ask_of(database_pool::app);
  answer();
  EXPECT_TRUE(collect<shared_answered>(again).value);
  EXPECT_EQ(workers.size(), 2U);
}

TEST_F(pools_fixture, the_initializers_connection_answers_no_questions) {
  auto asked = ask_of(database_pool::init);
  EXPECT_TRUE(collect<shared_answered>(asked).why.is(request_error::at_capacity));
}

} // namespace
} // namespace roost::database
