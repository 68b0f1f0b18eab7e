// The supervisor as an actor: real children, simulated time. SUP-1 to SUP-8 are the promises of
// actors/supervision/README.md; SUP-6 (requests to a dead generation) and SUP-8 (no child outlives
// its supervisor) can only be seen here.
#include "actors/supervision/supervisor.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <caf/event_based_actor.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/log.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/seeded_random.hpp"

namespace roost::supervision {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// What the children did, and what they are to do.
struct diary {
  std::vector<std::string> entries;
  std::multiset<std::string> live;
  std::set<std::string> deaf;   ///< ignore being told to exit
  std::set<std::string> broken; ///< their factory fails

  std::vector<std::string> take() { return std::exchange(entries, {}); }
};
using diary_ptr = std::shared_ptr<diary>;

/// Text messages drive the children: "crash" throws, "end" exits normally, "hold" never answers,
/// anything else is answered with the incarnation's generation.
struct probe_state {
  static inline constexpr const char* name = "probe";

  explicit probe_state(caf::event_based_actor* self) : self_(self) {}
  ~probe_state() {
    if (!book)
      return;
    book->entries.push_back("-" + id);
    book->live.erase(book->live.find(id));
  }

  caf::event_based_actor* self_;
  diary_ptr book;
  std::string id;
  std::vector<runtime::promise_guard<std::uint64_t>> held;
};

caf::behavior probe(caf::stateful_actor<probe_state>* self, diary_ptr book, std::string id,
                    std::uint64_t generation) {
  runtime::arm(self);
  self->state.book = std::move(book);
  self->state.id = std::move(id);
  self->set_exit_handler([self](const caf::exit_msg& x) {
    if (!self->state.book->deaf.contains(self->state.id))
      self->quit(x.reason);
  });
  return {[self, generation](const std::string& text) -> caf::result<std::uint64_t> {
    if (text == "crash")
      throw std::runtime_error("asked to");
    if (text == "end")
      self->quit();
    if (text != "hold")
      return generation;
    auto promise = self->make_response_promise<std::uint64_t>();
    self->state.held.emplace_back(promise);
    return promise;
  }};
}

class supervisor_test : public test::actor_fixture {
protected:
  supervisor_test() { log::init({log::severity::off, log::layout::text}); }
  ~supervisor_test() override {
    // A test that ends early must not leave a supervisor that outlives the fixture.
    for (const auto& one : spawned)
      caf::anon_send_exit(one, caf::exit_reason::kill);
    settle();
    log::init({});
  }

  child_spec child(child_rules rules) {
    return {
        rules,
        [book = book](const child_start& start) -> std::variant<caf::strong_actor_ptr, failure> {
          if (book->broken.contains(start.id))
            return failure{setup_error::address_in_use, start.id};
          book->entries.push_back("+" + start.id);
          book->live.insert(start.id);
          return caf::actor_cast<caf::strong_actor_ptr>(
              start.system.spawn(probe, book, start.id, start.generation));
        }};
  }

  std::vector<child_spec> children(const std::vector<std::string>& ids,
                                   restart_kind restart = restart_kind::permanent) {
    std::vector<child_spec> out;
    for (const auto& id : ids)
      out.push_back(child({.id = id, .restart = restart}));
    return out;
  }

  supervisor_actor start(supervisor_config config) {
    config.name = "test";
    config.seed = 7;
    auto made = sys.spawn(supervisor, std::move(config));
    spawned.push_back(made);
    tester->monitor(made);
    settle();
    return made;
  }

  caf::actor handle(const supervisor_actor& of, const std::string& id) {
    auto found = ask<child_handle>(of, resolve_child{id});
    EXPECT_TRUE(found.value) << id << ": " << describe(found.why).name;
    return found.value ? caf::actor_cast<caf::actor>(found.value->actor) : caf::actor{};
  }

  void tell(const supervisor_actor& of, const std::string& id, const std::string& text) {
    caf::anon_send(handle(of, id), text);
    settle();
  }

  /// The reason with which the supervisor ended; nothing while it lives.
  std::optional<caf::error> end_of_supervisor() {
    std::optional<caf::error> out;
    tester->receive([&](const caf::down_msg& x) { out = x.reason; }, caf::after(0s) >> [] {});
    return out;
  }

  diary_ptr book = std::make_shared<diary>();
  std::vector<supervisor_actor> spawned;
};

TEST_F(supervisor_test, starts_in_order_and_stops_in_reverse_with_the_reason_given) {
  const auto s = start({.children = children({"a", "b", "c"})});
  EXPECT_THAT(book->take(), ElementsAre("+a", "+b", "+c"));
  caf::anon_send_exit(s, caf::exit_reason::user_shutdown);
  settle();
  EXPECT_THAT(book->take(), ElementsAre("-c", "-b", "-a"));
  EXPECT_EQ(end_of_supervisor(), caf::error(caf::exit_reason::user_shutdown));
}

TEST_F(supervisor_test, restarts_a_child_that_threw_after_its_backoff) {
  const auto s = start({.children = children({"a", "b"})});
  const auto first = ask<child_handle>(s, resolve_child{"a"}).value->generation;
  book->take();
  tell(s, "a", "crash");
  EXPECT_TRUE(ask<child_handle>(s, resolve_child{"a"}).why.is(supervision_error::child_restarting));
  advance(100ms);
  EXPECT_THAT(book->take(), ElementsAre("-a", "+a"));
  EXPECT_GT(ask<child_handle>(s, resolve_child{"a"}).value->generation, first);
}

TEST_F(supervisor_test, sup_1_escalates_and_the_parent_restarts_it) {
  auto inner = [this](const child_start& at) {
    return at.system.spawn(supervisor,
                           supervisor_config{.name = "inner",
                                             .rules = {.intensity = {.restarts = 2, .period = 30s}},
                                             .children = children({"x", "y"}),
                                             .seed = 3});
  };
  const auto outer = start({.children = {supervised({.id = "inner"}, inner)}});
  book->take();
  const auto find_inner = [&] {
    return caf::actor_cast<supervisor_actor>(
        ask<child_handle>(outer, resolve_child{"inner"}).value->actor);
  };
  for (int i = 0; i < 2; ++i) {
    tell(find_inner(), "x", "crash");
    advance(1s);
  }
  EXPECT_THAT(book->take(), ElementsAre("-x", "+x", "-x", "+x"));
  tell(find_inner(), "x", "crash");
  EXPECT_THAT(book->take(), ElementsAre("-x", "-y"));
  advance(1s);
  EXPECT_THAT(book->take(), ElementsAre("+x", "+y"));
  EXPECT_EQ(ask<child_list>(outer, list_children{}).value->children.at(0).restarts, 1U);
}

TEST_F(supervisor_test, sup_1_gives_the_reason_when_it_gives_up) {
  const auto s =
      start({.rules = {.intensity = {.restarts = 0, .period = 1s}}, .children = children({"a"})});
  tell(s, "a", "crash");
  const auto reason = end_of_supervisor();
  ASSERT_TRUE(reason);
  EXPECT_TRUE(from_caf(*reason).is(supervision_error::intensity_exceeded));
}

TEST_F(supervisor_test, sup_2_there_is_one_incarnation_at_a_time) {
  const auto s = start({.rules = {.strategy = restart_strategy::one_for_all},
                        .children = children({"a", "b", "c"})});
  for (int i = 0; i < 5; ++i) {
    tell(s, "b", "crash");
    for (int k = 0; k < 40; ++k) {
      advance(50ms);
      for (const auto* id : {"a", "b", "c"})
        ASSERT_LE(book->live.count(id), 1U);
    }
  }
  EXPECT_EQ(book->live.size(), 3U);
}

TEST_F(supervisor_test, sup_3_rest_for_one_restarts_the_later_ones) {
  const auto s = start({.rules = {.strategy = restart_strategy::rest_for_one},
                        .children = children({"a", "b", "c"})});
  book->take();
  tell(s, "b", "crash");
  advance(100ms);
  EXPECT_THAT(book->take(), ElementsAre("-b", "-c", "+b", "+c"));
}

TEST_F(supervisor_test, sup_4_a_transient_child_may_end) {
  const auto s = start({.children = children({"a"}, restart_kind::transient)});
  book->take();
  tell(s, "a", "end");
  advance(20s);
  EXPECT_THAT(book->take(), ElementsAre("-a"));
  EXPECT_TRUE(ask<child_handle>(s, resolve_child{"a"}).why.is(supervision_error::no_such_child));
}

TEST_F(supervisor_test, sup_5_a_deaf_child_is_killed_at_its_deadline) {
  book->deaf = {"b"};
  const auto s = start({.children = children({"a", "b"})});
  book->take();
  caf::anon_send_exit(s, caf::exit_reason::user_shutdown);
  advance(4900ms);
  EXPECT_THAT(book->take(), IsEmpty());
  advance(200ms);
  EXPECT_THAT(book->take(), ElementsAre("-b", "-a"));
  EXPECT_TRUE(end_of_supervisor());
}

TEST_F(supervisor_test, sup_5_an_exit_overtakes_a_long_mailbox) {
  const auto s = start({.children = children({"a"})});
  const auto a = handle(s, "a");
  book->take();
  for (int i = 0; i < 1'000; ++i)
    caf::anon_send(a, std::string("busy"));
  caf::anon_send_exit(s, caf::exit_reason::user_shutdown);
  scheduler().prioritize(s); // the other job would run until its mailbox is empty
  std::size_t handled = 0;
  while (!book->live.empty() && scheduler().try_run_once())
    ++handled;
  EXPECT_LT(handled, 50U);
  settle();
}

TEST_F(supervisor_test, sup_6_every_request_to_a_dead_generation_is_answered) {
  const auto s = start({.children = children({"a"})});
  const auto old = handle(s, "a");
  auto held = request(old, std::string("hold"));
  settle();
  // One that kills it, one that waits behind it in the mailbox, and one that comes afterwards.
  auto killer = request(old, std::string("crash"));
  auto queued = request(old, std::string("x"));
  settle();
  auto late = request(old, std::string("x"));
  EXPECT_FALSE(collect<std::uint64_t>(held).value);
  EXPECT_TRUE(collect<std::uint64_t>(killer).why.is(request_error::internal));
  EXPECT_FALSE(collect<std::uint64_t>(queued).value);
  EXPECT_FALSE(collect<std::uint64_t>(late).value);
  advance(1s);
  // The new incarnation has an id of its own; the old handle stays dead.
  EXPECT_FALSE(ask<std::uint64_t>(old, std::string("x")).value);
  const auto now = ask<child_handle>(s, resolve_child{"a"}).value;
  EXPECT_EQ(ask<std::uint64_t>(caf::actor_cast<caf::actor>(now->actor), std::string("x")).value,
            now->generation);
}

TEST_F(supervisor_test, sup_7_a_crash_loop_keeps_to_the_backoff) {
  const auto s = start(
      {.rules = {.intensity = {.restarts = 1'000, .period = 1h}}, .children = children({"a"})});
  const auto begun = scheduler().clock().now();
  int starts = 0;
  while (scheduler().clock().now() - begun < 60s) {
    if (const auto found = ask<child_handle>(s, resolve_child{"a"}); found.value) {
      ++starts;
      caf::anon_send(caf::actor_cast<caf::actor>(found.value->actor), std::string("crash"));
    }
    advance(10ms);
  }
  // At least 50 + 100 + … + 3200 ms for the first seven, then at least 5 s each.
  EXPECT_LE(starts, 1 + 7 + 11);
  EXPECT_GE(starts, 10);
}

TEST_F(supervisor_test, sup_8_no_child_outlives_a_supervisor_however_it_ends) {
  enum class ending { asked, killed, escalated, threw };
  for (const auto how : {ending::asked, ending::killed, ending::escalated, ending::threw}) {
    book->deaf = {"a", "c"};
    auto specs = children({"a", "b"});
    specs.push_back(supervised({.id = "inner"}, [this](const child_start& at) {
      return at.system.spawn(supervisor,
                             supervisor_config{.name = "inner", .children = children({"c", "d"})});
    }));
    const auto s = start(
        {.rules = {.intensity = {.restarts = 0, .period = 1s}}, .children = std::move(specs)});
    ASSERT_EQ(book->live.size(), 4U);
    switch (how) {
    case ending::asked:
      caf::anon_send_exit(s, caf::exit_reason::user_shutdown);
      break;
    case ending::killed:
      caf::anon_send_exit(s, caf::exit_reason::kill);
      break;
    case ending::escalated:
      tell(s, "b", "crash");
      break;
    case ending::threw:
      caf::anon_send(caf::actor_cast<caf::actor>(s),
                     add_child{{.rules = {.id = "bad"}, .make = nullptr}});
      settle();
      caf::anon_send_exit(s, caf::exit_reason::kill);
      break;
    }
    advance(30s, 100ms);
    EXPECT_THAT(book->live, IsEmpty()) << static_cast<int>(how);
    EXPECT_TRUE(end_of_supervisor());
  }
}

TEST_F(supervisor_test, a_first_start_that_fails_is_reported_with_the_factory_s_failure) {
  book->broken = {"b"};
  start({.children = children({"a", "b", "c"})});
  EXPECT_THAT(book->take(), ElementsAre("+a", "-a"));
  const auto reason = end_of_supervisor();
  ASSERT_TRUE(reason);
  EXPECT_TRUE(from_caf(*reason).is(setup_error::address_in_use));
}

TEST_F(supervisor_test, children_come_and_go_at_run_time) {
  const auto s = start({.rules = {.max_children = 2}});
  const auto rules = [](std::string id) {
    return child_rules{.id = std::move(id), .restart = restart_kind::temporary};
  };
  const auto first = ask<child_handle>(s, add_child{child(rules("t1"))});
  ASSERT_TRUE(first.value);
  EXPECT_EQ(
      ask<std::uint64_t>(caf::actor_cast<caf::actor>(first.value->actor), std::string("x")).value,
      first.value->generation);
  EXPECT_TRUE(
      ask<child_handle>(s, add_child{child(rules("t1"))}).why.is(supervision_error::child_exists));
  ASSERT_TRUE(ask<child_handle>(s, add_child{child(rules("t2"))}).value);
  EXPECT_TRUE(ask<child_handle>(s, add_child{child(rules("t3"))})
                  .why.is(supervision_error::too_many_children));

  tell(s, "t1", "end"); // ends by itself and is forgotten
  EXPECT_TRUE(ask<child_handle>(s, resolve_child{"t1"}).why.is(supervision_error::no_such_child));
  tell(s, "t2", "crash"); // temporary: a crash is the end of it too
  advance(20s);
  EXPECT_THAT(ask<child_list>(s, list_children{}).value->children, IsEmpty());

  book->broken = {"t4"};
  EXPECT_TRUE(
      ask<child_handle>(s, add_child{child(rules("t4"))}).why.is(setup_error::address_in_use));
  book->broken.clear();
  ASSERT_TRUE(ask<child_handle>(s, add_child{child(rules("t4"))}).value) << "its name is free";
  EXPECT_EQ(ask<child_removed>(s, remove_child{"t4"}).value->id, "t4");
  EXPECT_TRUE(ask<child_removed>(s, remove_child{"t4"}).why.is(supervision_error::no_such_child));
  EXPECT_FALSE(end_of_supervisor());
}

TEST_F(supervisor_test, a_factory_that_throws_is_a_child_that_cannot_start) {
  const auto s = start({});
  const child_spec bad{
      .rules = {.id = "bad"},
      .make = [](const child_start&) -> std::variant<caf::strong_actor_ptr, failure> {
        throw std::runtime_error("no");
      }};
  EXPECT_TRUE(ask<child_handle>(s, add_child{bad}).why.is(supervision_error::start_failed));
  EXPECT_TRUE(ask<child_handle>(s, add_child{{.rules = {.id = "empty"}, .make = nullptr}})
                  .why.is(supervision_error::start_failed));
  EXPECT_FALSE(end_of_supervisor());
}

TEST_F(supervisor_test, requests_during_a_stop_are_answered) {
  book->deaf = {"a"};
  const auto s = start({.children = children({"a"})});
  caf::anon_send_exit(s, caf::exit_reason::user_shutdown);
  settle();
  EXPECT_TRUE(ask<child_handle>(s, resolve_child{"a"}).why.is(supervision_error::stopping));
  EXPECT_TRUE(
      ask<child_handle>(s, add_child{child({.id = "b"})}).why.is(supervision_error::stopping));
  auto removal = request(s, remove_child{"a"});
  advance(6s);
  EXPECT_TRUE(collect<child_removed>(removal).value);
}

TEST_F(supervisor_test, sup_1_to_sup_8_hold_for_random_crash_schedules) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 30; ++round) {
    const auto s = start({.rules = {.strategy = static_cast<restart_strategy>(random.between(0, 2)),
                                    .intensity = {.restarts = 10, .period = 30s}},
                          .children = children({"a", "b", "c", "d"})});
    std::uint64_t latest = 0;
    for (int i = 0; i < 60 && !book->live.empty(); ++i) {
      const std::string id(1, static_cast<char>('a' + random.between(0, 3)));
      book->deaf = random.between(0, 3) == 0 ? std::set<std::string>{id} : std::set<std::string>{};
      if (const auto found = ask<child_handle>(s, resolve_child{id}); found.value) {
        latest = std::max(latest, found.value->generation);
        caf::anon_send(caf::actor_cast<caf::actor>(found.value->actor),
                       std::string(random.between(0, 1) == 0 ? "crash" : "end"));
      }
      advance(std::chrono::milliseconds(random.between(0, 4'000)), 50ms);
      for (const auto* each : {"a", "b", "c", "d"})
        ASSERT_LE(book->live.count(each), 1U) << "SUP-2";
    }
    caf::anon_send_exit(s, caf::exit_reason::user_shutdown);
    advance(25s, 100ms);
    ASSERT_THAT(book->live, IsEmpty()) << "SUP-5, SUP-8";
    ASSERT_TRUE(end_of_supervisor());
  }
}

} // namespace
} // namespace roost::supervision
