#include "actors/database/pool/pg_link.hpp"

#include "tests/support/pg_server.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <future>
#include <thread>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

struct pg_link_fixture : testing::Test {
  pg_link_fixture() { schema.session(); }
  ~pg_link_fixture() override { cutter->cut_all(); }

  static steady_time after(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
  }
  std::unique_ptr<pg_link> link(pg_link::settings with = {}) {
    with.application = "roost/link";
    return std::make_unique<pg_link>(*pg_target::parse(server.url(schema.name())), with, cutter);
  }
  /// Every read of a session takes an hour.
  void make_slow() {
    server.sql("ALTER TABLE roost.session RENAME TO session_of_before; CREATE VIEW roost.session "
               "AS SELECT s.* FROM roost.session_of_before s, pg_sleep(3600)",
               schema.name());
  }
  /// Backends of the link in this state.
  std::size_t backends(const std::string& state) {
    const auto rows = server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                                 "'roost/link' AND state LIKE '" +
                                 state + "'");
    return std::stoul(rows[0][0]);
  }
  template <class Condition>
  static bool wait_until(Condition is_true, std::chrono::seconds patience = 20s) {
    const auto deadline = after(patience);
    while (!is_true() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(5ms);
    return is_true();
  }

  test::pg_server& server = test::pg_server::shared();
  migrated_pg schema;
  std::shared_ptr<socket_cutter> cutter = std::make_shared<socket_cutter>();
};

TEST_F(pg_link_fixture, connects_when_it_is_asked_and_keeps_the_connection) {
  const auto tested = link();
  EXPECT_EQ(backends("%"), 0U);
  for (int i = 0; i < 2; ++i) {
    std::optional<std::size_t> rows;
    ASSERT_TRUE(
        tested->answer([&](store& s) { rows = expect(s.sessions({})).rows.size(); }, after(10s)));
    EXPECT_EQ(rows, 0U);
    EXPECT_EQ(backends("idle"), 1U) << "and no transaction is open";
  }
}

TEST_F(pg_link_fixture, a_lost_connection_is_found_before_it_is_used) {
  pg_link::settings with;
  with.trusted_for = 0ms;
  const auto tested = link(with);
  ASSERT_TRUE(tested->answer([](store&) {}, after(10s)));
  server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
             "'roost/link'");
  ASSERT_TRUE(wait_until([&] { return backends("%") == 0; }));
  bool is_there = false;
  ASSERT_TRUE(tested->answer([&](store& s) { is_there = s.sessions({}).has_value(); }, after(10s)));
  EXPECT_TRUE(is_there);
}

TEST_F(pg_link_fixture, says_why_there_is_no_connection) {
  pg_link tested(*pg_target::parse("postgresql://127.0.0.1:1/x"), {}, cutter);
  bool was_called = false;
  const auto got = tested.answer([&](store&) { was_called = true; }, after(10s));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, trouble::transient);
  EXPECT_FALSE(was_called);
}

TEST_F(pg_link_fixture, a_cancelled_statement_ends_in_the_server_too) {
  make_slow();
  const auto tested = link();
  store_error why;
  auto answered = std::async(std::launch::async, [&] {
    return tested->answer([&](store& s) { why = s.sessions({}).error(); }, after(1h)).has_value();
  });
  ASSERT_TRUE(wait_until([&] { return backends("active") == 1; }));
  tested->cancel();
  ASSERT_EQ(answered.wait_for(20s), std::future_status::ready);
  EXPECT_TRUE(answered.get());
  EXPECT_EQ(why.kind, trouble::transient) << why.log;
  EXPECT_TRUE(wait_until([&] { return backends("%") == 0; })) << "and its connection is given up";
  server.sql("DROP VIEW roost.session; ALTER TABLE roost.session_of_before RENAME TO session",
             schema.name());
  bool is_there = false;
  ASSERT_TRUE(tested->answer([&](store& s) { is_there = s.sessions({}).has_value(); }, after(10s)));
  EXPECT_TRUE(is_there);
}

TEST_F(pg_link_fixture, a_statement_has_its_own_limit_in_the_server) {
  make_slow();
  pg_link::settings with;
  with.statement_timeout = 100ms;
  const auto tested = link(with);
  store_error why;
  ASSERT_TRUE(tested->answer([&](store& s) { why = s.sessions({}).error(); }, after(1h)));
  EXPECT_NE(why.log.find("57014"), std::string::npos) << why.log;
  EXPECT_EQ(backends("idle"), 1U) << "its connection is as good as before";
}

TEST_F(pg_link_fixture, the_deadline_of_the_question_is_the_limit_if_it_is_earlier) {
  make_slow();
  const auto tested = link();
  store_error why;
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(tested->answer([&](store& s) { why = s.sessions({}).error(); }, after(300ms)));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 9s) << why.log;
}

TEST_F(pg_link_fixture, a_frozen_server_is_cut_off) {
  test::pg_server own;
  migrated_pg of_it(own);
  of_it.session();
  pg_link::settings with;
  with.cut_after = 200ms;
  pg_link tested(*pg_target::parse(own.url(of_it.name())), with, cutter);
  std::atomic<bool> is_ready{false};
  std::atomic<bool> is_frozen{false};
  const auto processes = [&] {
    std::vector<pid_t> out{own.pid()};
    for (const auto& row :
         own.sql("SELECT pid FROM pg_stat_activity WHERE datname = '" + of_it.name() + "'"))
      out.push_back(std::stoi(row[0]));
    return out;
  };
  auto answered = std::async(std::launch::async, [&] {
    return tested
        .answer(
            [&](store& s) {
              EXPECT_TRUE(s.sessions({}));
              is_ready = true;
              is_frozen.wait(false);
              EXPECT_FALSE(s.sessions({}));
            },
            after(1h))
        .has_value();
  });
  ASSERT_TRUE(wait_until([&] { return is_ready.load(); }));
  const auto frozen = processes();
  ASSERT_GE(frozen.size(), 2U);
  for (const auto pid : frozen)
    ::kill(pid, SIGSTOP);
  is_frozen = true;
  is_frozen.notify_all();
  tested.cancel();
  EXPECT_EQ(answered.wait_for(8s), std::future_status::ready)
      << "the statement's own limit is 10 s";
  for (const auto pid : frozen)
    ::kill(pid, SIGCONT);
  answered.wait();
}

TEST_F(pg_link_fixture, a_cancellation_of_nothing_does_nothing) {
  const auto tested = link();
  tested->cancel();
  bool is_there = false;
  ASSERT_TRUE(tested->answer([&](store& s) { is_there = s.sessions({}).has_value(); }, after(10s)));
  EXPECT_TRUE(is_there);
  tested->cancel();
}

} // namespace
} // namespace roost::database
