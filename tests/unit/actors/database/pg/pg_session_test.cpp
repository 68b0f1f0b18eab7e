#include "actors/database/pg/pg_session.hpp"

#include "tests/support/pg_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

struct pg_session_fixture : testing::Test {
  pg_result<std::unique_ptr<pg_session>> open(const std::string& url) {
    return pg_session::open(*pg_target::parse(url), "roost/test", 3s, cutter);
  }
  std::unique_ptr<pg_session> session() {
    auto opened = open(server.url(database));
    EXPECT_TRUE(opened) << opened.error().text;
    return std::move(*opened);
  }

  test::pg_server& server = test::pg_server::shared();
  std::string database = server.make_database();
  socket_cutter cutter;
};

TEST_F(pg_session_fixture, gives_rows_of_texts) {
  const auto s = session();
  auto got = s->run("SELECT 1, NULL, 'ä' UNION ALL SELECT 2, 'x', '' ORDER BY 1", 5s);
  ASSERT_TRUE(got);
  ASSERT_EQ(got->all().size(), 2U);
  EXPECT_EQ(got->all()[0][0], "1");
  EXPECT_EQ(got->all()[0][1], std::nullopt);
  EXPECT_EQ(got->all()[0][2], "ä");
  EXPECT_EQ(got->all()[1][2], "");
  EXPECT_EQ(got->first(), "1");
  EXPECT_EQ(got->first(1), "");
  EXPECT_EQ(got->first(9), "");
}

TEST_F(pg_session_fixture, values_never_become_sql) {
  const auto s = session();
  const std::string evil = "'; DROP TABLE a; --";
  ASSERT_TRUE(s->run("CREATE TABLE a (b text)", 5s));
  const auto put = s->run("INSERT INTO a VALUES ($1), ($2)", {evil, std::nullopt}, 5s);
  ASSERT_TRUE(put);
  EXPECT_EQ(put->affected(), 2U);
  EXPECT_EQ(s->run("SELECT b FROM a WHERE b IS NOT NULL", 5s)->first(), evil);
}

TEST_F(pg_session_fixture, an_error_has_its_state_and_leaves_the_session_usable) {
  const auto s = session();
  const auto wrong = s->run("SELECT * FROM nowhere", 5s);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().sqlstate, "42P01");
  EXPECT_EQ(wrong.error().kind, trouble::permanent);
  EXPECT_EQ(s->run("SELECT 1", 5s)->first(), "1");
  ASSERT_TRUE(s->run("BEGIN", 5s));
  EXPECT_FALSE(s->run("SELECT 1/0", 5s));
  EXPECT_EQ(s->run("SELECT 1", 5s).error().sqlstate, "25P02");
  ASSERT_TRUE(s->run("ROLLBACK", 5s));
}

TEST_F(pg_session_fixture, a_lost_connection_stays_lost) { // DB-4: so does its lock
  const auto s = session();
  ASSERT_TRUE(s->run("SELECT pg_advisory_lock(1)", 5s));
  server.sql("SELECT pg_terminate_backend(" + std::to_string(s->backend()) + ")");
  auto lost = s->run("SELECT 1", 5s);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, trouble::transient);
  lost = s->run("SELECT 1", 5s);
  ASSERT_FALSE(lost) << "never opened again behind the caller's back";
  EXPECT_EQ(lost.error().kind, trouble::transient);
}

TEST_F(pg_session_fixture, a_server_that_is_frozen_is_given_up) {
  const auto s = session();
  const auto backend = s->backend();
  ASSERT_EQ(::kill(backend, SIGSTOP), 0);
  const auto begin = std::chrono::steady_clock::now();
  const auto got = s->run("SELECT 1", 200ms);
  const auto took = std::chrono::steady_clock::now() - begin;
  ::kill(backend, SIGCONT);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, trouble::transient);
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 30s);
}

TEST_F(pg_session_fixture, why_a_connection_is_refused) {
  EXPECT_EQ(open(server.url("no_such_database")).error().kind, trouble::operator_needed);
  EXPECT_EQ(open("postgresql://127.0.0.1:1/x").error().kind, trouble::transient);
}

} // namespace
} // namespace roost::database
