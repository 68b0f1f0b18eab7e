#include "actors/database/pg/pg_backend.hpp"

#include "tests/support/pg_server.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

struct pg_backend_fixture : testing::Test {
  std::unique_ptr<pg_backend> backend(const std::string& name = "a") {
    pg_schema::settings with;
    with.application = "roost/" + name;
    return std::make_unique<pg_backend>(*pg_target::parse(server.url(database)),
                                        *parse_migrations(postgresql_migrations()), with,
                                        node_identity{uuid, name, "1"}, os_random::instance());
  }
  result<std::uint32_t, init_failure> bring_up(pg_backend& what) {
    return what.bring_up([](database_state, std::uint32_t, std::uint32_t) {});
  }

  static constexpr auto uuid = "11111111-2222-4333-8444-555555555555";
  test::pg_server& server = test::pg_server::shared();
  std::string database = server.make_database();
};

TEST_F(pg_backend_fixture, a_node_signs_in_once_under_its_latest_name) {
  ASSERT_TRUE(bring_up(*backend("a")));
  ASSERT_TRUE(bring_up(*backend("b")));
  const auto rows = server.sql("SELECT uuid, name FROM roost.node", database);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0][0], uuid);
  EXPECT_EQ(rows[0][1], "b");
}

TEST_F(pg_backend_fixture, sees_that_the_server_has_gone) {
  const auto what = backend();
  ASSERT_TRUE(bring_up(*what));
  EXPECT_TRUE(what->check());
  server.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roost/a' "
      "AND datname = '" +
      database + "'");
  EXPECT_FALSE(what->check());
  ASSERT_TRUE(bring_up(*what));
  EXPECT_TRUE(what->check());
}

TEST_F(pg_backend_fixture, what_waits_for_the_lock_can_be_stopped) {
  socket_cutter cutter;
  const auto holder = pg_session::open(*pg_target::parse(server.url(database)), "x", 3s, cutter);
  ASSERT_TRUE(holder);
  ASSERT_TRUE((*holder)->run("SELECT pg_advisory_lock(1919905651, 1)", 5s));
  const auto what = backend();
  std::thread stopping([&] {
    const auto waits = [&] {
      return server.sql(
                 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'roost/a' AND "
                 "datname = '" +
                 database + "'")[0][0] != "0";
    };
    while (!waits())
      std::this_thread::yield();
    what->stop();
  });
  const auto up = bring_up(*what);
  stopping.join();
  EXPECT_FALSE(up);
  EXPECT_FALSE(bring_up(*what)) << "for good";
}

} // namespace
} // namespace roost::database
