// The pools with workers on threads of their own and a real PostgreSQL.
#include "actors/database/pool/pg_link.hpp"
#include "actors/database/pool/pools.hpp"
#include "protocols/registry.hpp"
#include "tests/support/pg_server.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <deque>
#include <thread>

namespace roost::database {
namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct messages : caf::actor_system_config {
  messages() { register_messages(*this); }
};

struct pools_pg_fixture : testing::Test {
  pools_pg_fixture() {
    schema.session();
    database_report now;
    now.state = database_state::ready;
    database->put(now);
    pools_config config;
    config.app = {{.size = 2, .most_waiting = 32, .idle = 60s, .retry = {}}, maker("app")};
    config.analytics = {{.size = 2, .most_waiting = 4, .idle = 60s, .retry = {}},
                        maker("analytics")};
    config.database = database;
    config.board = board;
    actor = sys.spawn(pools, config);
  }
  ~pools_pg_fixture() override {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    cutter->cut_all();
  }
  link_maker maker(const std::string& of) {
    return [this, of] {
      pg_link::settings with;
      with.application = "roost/" + of;
      return std::make_shared<pg_link>(*pg_target::parse(server.url(schema.name())), with, cutter);
    };
  }
  /// Every read of a session takes an hour.
  void make_slow() {
    server.sql("ALTER TABLE roost.session RENAME TO session_of_before; CREATE VIEW roost.session "
               "AS SELECT s.* FROM roost.session_of_before s, pg_sleep(3600)",
               schema.name());
  }
  auto ask(database_pool pool, store_look look, std::chrono::milliseconds patience,
           std::uint64_t key = 0) {
    return self->request(actor, 60s, ask_shared{pool, patience, std::move(look), key});
  }
  template <class Pending>
  static failure outcome(Pending&& pending) {
    failure out{request_error::not_found, "answered"};
    pending.receive([](const shared_answered&) {}, [&](caf::error& why) { out = from_caf(why); });
    return out;
  }
  std::size_t active(const std::string& of) {
    const auto rows = server.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND "
                                 "application_name = 'roost/" +
                                 of + "'");
    return std::stoul(rows[0][0]);
  }
  bool wait_for_active(const std::string& of, std::size_t wanted) {
    const auto deadline = clock_type::now() + 20s;
    while (active(of) != wanted && clock_type::now() < deadline)
      std::this_thread::sleep_for(5ms);
    return active(of) == wanted;
  }
  database_pool_report report(database_pool of) {
    return board->get().at(static_cast<std::size_t>(of));
  }

  test::pg_server& server = test::pg_server::shared();
  migrated_pg schema;
  std::shared_ptr<socket_cutter> cutter = std::make_shared<socket_cutter>();
  std::shared_ptr<database_board> database = std::make_shared<database_board>();
  std::shared_ptr<database_pools_board> board = std::make_shared<database_pools_board>();
  messages known;
  caf::actor_system sys{known};
  caf::scoped_actor self{sys};
  pools_actor actor;
};

TEST_F(pools_pg_fixture, DB_10_analytics_full_of_slow_questions_never_delays_app) {
  make_slow();
  const store_look slow = [](store& s) { (void)s.sessions({}); };
  const auto begin = clock_type::now();
  std::deque<decltype(ask(database_pool::analytics, slow, 3s))> full;
  for (int i = 0; i < 6; ++i)
    full.push_back(ask(database_pool::analytics, slow, 3s));
  ASSERT_TRUE(wait_for_active("analytics", 2));
  std::chrono::nanoseconds longest{};
  for (int i = 0; i < 200; ++i) {
    const auto asked_at = clock_type::now();
    bool is_there = false;
    auto answer = ask(
        database_pool::app, [&](store& s) { is_there = s.nodes().has_value(); }, 10s);
    EXPECT_EQ(outcome(answer).detail, "answered");
    EXPECT_TRUE(is_there);
    longest = std::max<std::chrono::nanoseconds>(longest, clock_type::now() - asked_at);
  }
  RecordProperty("longest_us", static_cast<int>(longest / 1us));
  EXPECT_EQ(active("analytics"), 2U) << "all the time";
  EXPECT_EQ(report(database_pool::app).timeouts, 0U);
  EXPECT_LT(longest, 2s);
  for (auto& each : full)
    EXPECT_TRUE(outcome(each).is(request_error::deadline_exceeded));
  EXPECT_LT(clock_type::now() - begin, 8s) << "at their deadline";
  EXPECT_EQ(report(database_pool::analytics).timeouts, 6U);
  EXPECT_TRUE(wait_for_active("analytics", 0)) << "the server does not go on for nobody";
}

TEST_F(pools_pg_fixture, a_cancelled_question_ends_at_once_and_in_the_server) {
  make_slow();
  auto asked = ask(
      database_pool::analytics, [](store& s) { (void)s.sessions({}); }, 30s, 5);
  ASSERT_TRUE(wait_for_active("analytics", 1));
  const auto begin = clock_type::now();
  self->send(actor, cancel_shared{5});
  EXPECT_TRUE(outcome(asked).is(request_error::deadline_exceeded));
  EXPECT_LT(clock_type::now() - begin, 5s);
  EXPECT_TRUE(wait_for_active("analytics", 0));
  auto again = ask(
      database_pool::analytics, [](store& s) { EXPECT_TRUE(s.nodes()); }, 10s);
  EXPECT_EQ(outcome(again).detail, "answered");
}

TEST_F(pools_pg_fixture, a_frozen_server_keeps_nobody_beyond_the_deadline) {
  auto first = ask(
      database_pool::app, [](store& s) { EXPECT_TRUE(s.nodes()); }, 10s);
  ASSERT_EQ(outcome(first).detail, "answered");
  const auto rows = server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = "
                               "'roost/app'");
  ASSERT_EQ(rows.size(), 1U);
  const auto backend = std::stoi(rows[0][0]);
  ::kill(backend, SIGSTOP);
  const auto begin = clock_type::now();
  auto asked = ask(
      database_pool::app, [](store& s) { (void)s.nodes(); }, 500ms);
  EXPECT_TRUE(outcome(asked).is(request_error::deadline_exceeded));
  EXPECT_LT(clock_type::now() - begin, 3s);
  // The other worker is as good as ever, and this one comes back by itself.
  for (int i = 0; i < 3; ++i) {
    auto other = ask(
        database_pool::app, [](store& s) { EXPECT_TRUE(s.nodes()); }, 10s);
    EXPECT_EQ(outcome(other).detail, "answered");
  }
  ::kill(backend, SIGCONT);
}

} // namespace
} // namespace roost::database
