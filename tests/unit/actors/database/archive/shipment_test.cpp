#include "actors/database/archive/shipment.hpp"

#include "actors/database/pg/pg_schema.hpp"
#include "actors/database/store/pg_store.hpp"
#include "tests/support/pg_server.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

constexpr auto node = "11111111-2222-4333-8444-555555555555";

struct shipment_fixture : testing::Test {
  shipment_fixture() {
    pg_schema schema(
        *pg_target::parse(server.url(database)), *parse_migrations(postgresql_migrations()), {},
        {cutter, os_random::instance(), [](database_state, std::uint32_t, std::uint32_t) {},
         [](std::chrono::milliseconds) { return false; }});
    const auto up = schema.bring_up();
    EXPECT_TRUE(up) << up.error().reason;
  }
  store_result<std::unique_ptr<store>> connect() {
    ++connections;
    if (is_away)
      return store_error{trouble::transient, store_error::reason::store, "away", {}};
    auto opened = pg_session::open(*pg_target::parse(server.url(database)), "roost/a", 3s, cutter);
    EXPECT_TRUE(opened);
    return make_pg_store(std::move(*opened), 5s);
  }
  void write(std::uint64_t from, std::uint64_t to) {
    std::vector<keyed_record> out;
    for (auto seq = from; seq <= to; ++seq)
      out.push_back(
          {{node, 1, 0, seq}, seq - 1, session_event{"s", {}, std::to_string(seq), "{}"}});
    ASSERT_TRUE(own.write(out));
  }
  /// Ships until nothing is left. @returns how many batches it took.
  int ship_all(shipment& work) {
    for (int batches = 1;; ++batches) {
      const auto done = work.next();
      EXPECT_TRUE(done) << done.error().text << done.error().log;
      if (!done || done->left == 0)
        return batches;
    }
  }
  std::string there() {
    return server.sql("SELECT coalesce(string_agg(what, ' ' ORDER BY what::int), '') FROM "
                      "roost.session_event",
                      database)[0][0];
  }

  test::pg_server& server = test::pg_server::shared();
  std::string database = server.make_database();
  socket_cutter cutter;
  test::temp_folder folder;
  local_file own{{folder.path() + "/roost.db", "roost/a", true, 1 << 20},
                 *parse_migrations(sqlite_migrations())};
  bool is_away = false;
  int connections = 0;
};

TEST_F(shipment_fixture, brings_everything_once_in_batches) { // DB-7
  shipment work(own, [this] { return connect(); }, {3, 1 << 20});
  write(1, 7);
  EXPECT_EQ(ship_all(work), 3);
  EXPECT_EQ(there(), "1 2 3 4 5 6 7");
  EXPECT_EQ(connections, 1);
  EXPECT_EQ(ship_all(work), 1) << "nothing to do";
  write(8, 8);
  ship_all(work);
  EXPECT_EQ(there(), "1 2 3 4 5 6 7 8");
}

TEST_F(shipment_fixture, what_was_cut_off_is_done_again_and_is_there_once) { // DB-7
  shipment work(own, [this] { return connect(); }, {});
  write(1, 2);
  ship_all(work);
  write(3, 4);
  server.sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roost/a' "
      "AND datname = '" +
      database + "'");
  EXPECT_FALSE(work.next());
  EXPECT_EQ(own.waiting()->total()->records, 2U);
  ship_all(work);
  EXPECT_EQ(there(), "1 2 3 4");
  EXPECT_EQ(connections, 2);
}

TEST_F(shipment_fixture, waits_for_a_database_that_is_away) {
  shipment work(own, [this] { return connect(); }, {});
  is_away = true;
  write(1, 2);
  EXPECT_FALSE(work.next());
  EXPECT_EQ(own.waiting()->total()->records, 2U);
  is_away = false;
  ship_all(work);
  EXPECT_EQ(there(), "1 2");
}

TEST_F(shipment_fixture, goes_on_with_a_database_that_was_restored_from_before) {
  shipment work(own, [this] { return connect(); }, {});
  write(1, 2);
  ship_all(work);
  // It forgets that it had been given them.
  server.sql("DELETE FROM roost.session_event; UPDATE roost.outbox_mark SET seq = 1", database);
  write(3, 3);
  const auto done = work.next();
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(done->lost, 1U) << "it is said";
  EXPECT_EQ(there(), "3");
}

TEST_F(shipment_fixture, what_the_database_never_takes_holds_up_nothing) {
  server.sql("ALTER TABLE roost.session_event ADD CHECK (what <> '3')", database);
  shipment work(own, [this] { return connect(); }, {});
  write(1, 6);
  const auto done = work.next();
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(done->lost, 1U);
  EXPECT_EQ(done->left, 0U);
  EXPECT_EQ(there(), "1 2 4 5 6");
}

} // namespace
} // namespace roost::database
