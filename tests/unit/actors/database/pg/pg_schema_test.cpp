#include "actors/database/pg/pg_schema.hpp"

#include "actors/runtime/random.hpp"
#include "tests/support/pg_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace roost::database {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using state = database_state;

// One of each kind.
constexpr migration_file files[] = {
    {"0001_things.sql",
     "CREATE TABLE roost.thing (id int PRIMARY KEY, name text);\n"
     "INSERT INTO roost.thing SELECT i, i::text FROM generate_series(1, 100) i;\n"},
    {"0002_index.sql", "-- roost: no transaction\n-- step: index thing_name\n"
                       "CREATE INDEX CONCURRENTLY thing_name ON roost.thing (name);\n"},
    {"0003_more.sql", "ALTER TABLE roost.thing ADD COLUMN more int NOT NULL DEFAULT 1;\n"},
};

struct pg_schema_fixture : testing::Test {
  pg_schema schema(std::size_t known = 3) {
    auto all = parse_migrations(std::span(files).first(known));
    EXPECT_TRUE(all);
    pg_schema::settings with;
    with.application = "roost/test";
    return {*pg_target::parse(server.url(database)),
            *all,
            with,
            {cutter, os_random::instance(),
             [this](state to, std::uint32_t, std::uint32_t) {
               const std::lock_guard lock(mutex);
               seen.push_back(to);
             },
             [](std::chrono::milliseconds) {
               std::this_thread::yield(); // as impatient as can be
               return true;
             }}};
  }
  std::string one(const std::string& query) { return server.sql(query, database).at(0).at(0); }
  /// What the initializer would say.
  init_failure failing(std::size_t known = 3) {
    auto up = schema(known).bring_up();
    EXPECT_FALSE(up);
    return up ? init_failure{} : up.error();
  }
  void bring_up() {
    auto up = schema().bring_up();
    ASSERT_TRUE(up) << up.error().reason;
    EXPECT_EQ(up->schema_version, 3U);
  }

  test::pg_server& server = test::pg_server::shared();
  std::string database = server.make_database();
  socket_cutter cutter;
  std::mutex mutex;
  std::vector<state> seen;
};

TEST_F(pg_schema_fixture, is_brought_up_and_then_left_alone) { // DB-3
  bring_up();
  EXPECT_EQ(seen,
            (std::vector{state::connecting, state::locking, state::inspecting, state::migrating,
                         state::migrating, state::migrating, state::verifying}));
  EXPECT_EQ(one("SELECT count(*) FROM roost.thing WHERE more = 1"), "100");
  EXPECT_EQ(one("SELECT string_agg(version || name || state, ' ' ORDER BY version) FROM "
                "roost.schema_migration"),
            "1thingsapplied 2indexapplied 3moreapplied");
  const auto rows =
      one("SELECT string_agg(m::text, ' ' ORDER BY version) FROM roost.schema_migration m");
  seen.clear();
  bring_up();
  EXPECT_EQ(std::count(seen.begin(), seen.end(), state::migrating), 0);
  EXPECT_EQ(one("SELECT string_agg(m::text, ' ' ORDER BY version) FROM roost.schema_migration m"),
            rows);
  EXPECT_EQ(one("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

TEST_F(pg_schema_fixture, by_many_at_once_each_change_is_made_once) { // DB-1
  server.sql("CREATE TABLE public.log (pid int, tag text);"
             "CREATE FUNCTION public.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
             "INSERT INTO public.log VALUES (pg_backend_pid(), tg_tag); END $$;"
             "CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION public.note()",
             database);
  std::vector<std::future<std::string>> all;
  for (int i = 0; i < 16; ++i)
    all.push_back(std::async(std::launch::async, [this] {
      const auto up = schema().bring_up();
      return up ? std::string() : up.error().reason;
    }));
  for (auto& each : all)
    EXPECT_EQ(each.get(), "");
  EXPECT_EQ(one("SELECT count(*) FROM public.log WHERE tag = 'CREATE INDEX'"), "1");
  EXPECT_EQ(one("SELECT count(*) FROM public.log WHERE tag = 'ALTER TABLE'"), "1");
  EXPECT_EQ(one("SELECT count(*) FROM public.log WHERE tag = 'CREATE TABLE'"), "3");
  EXPECT_EQ(one("SELECT count(*) FROM roost.thing"), "100");
}

TEST_F(pg_schema_fixture, an_index_that_was_cut_short_is_made_again) { // DB-5
  ASSERT_TRUE(schema(1).bring_up());
  // As a node leaves it that is killed while it builds.
  server.sql(
      "CREATE INDEX thing_name ON roost.thing (name);"
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'roost.thing_name'::regclass;"
      "INSERT INTO roost.schema_migration (version, name, checksum, state, needs, applied_by) "
      "VALUES (2, 'index', '" +
          (*parse_migrations(files))[1].checksum + "', 'started', 0, 'other')",
      database);
  bring_up();
  EXPECT_EQ(one("SELECT indisvalid FROM pg_index WHERE indexrelid = 'roost.thing_name'::regclass"),
            "t");
}

TEST_F(pg_schema_fixture, an_invalid_index_blocks) { // DB-5
  bring_up();
  server.sql(
      "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'roost.thing_name'::regclass",
      database);
  const auto why = failing();
  EXPECT_EQ(why.kind, trouble::permanent);
  EXPECT_THAT(why.reason, HasSubstr("thing_name"));
  server.sql("REINDEX INDEX CONCURRENTLY roost.thing_name", database);
  bring_up();
}

TEST_F(pg_schema_fixture, drift_blocks) { // DB-5
  bring_up();
  server.sql("UPDATE roost.schema_migration SET checksum = 'x' WHERE version = 1", database);
  EXPECT_EQ(failing().kind, trouble::permanent);
  const auto look = schema().look();
  ASSERT_TRUE(look);
  EXPECT_THAT(look->plan.blocked, HasSubstr("migration 1 (things)"));
}

TEST_F(pg_schema_fixture, a_head_that_contradicts_its_rows_blocks) {
  bring_up();
  server.sql("UPDATE roost.schema_head SET version = 2", database);
  EXPECT_THAT(failing().reason, HasSubstr("contradicts itself"));
}

TEST_F(pg_schema_fixture, an_older_build_uses_a_newer_schema) {
  bring_up();
  const auto up = schema(1).bring_up();
  ASSERT_TRUE(up) << up.error().reason;
  EXPECT_EQ(up->schema_version, 3U);
  server.sql("UPDATE roost.schema_migration SET needs = 3 WHERE version = 3", database);
  EXPECT_EQ(failing(1).kind, trouble::permanent);
}

TEST_F(pg_schema_fixture, a_failed_change_leaves_nothing) { // DB-2
  server.sql("CREATE SCHEMA roost; CREATE VIEW roost.thing AS SELECT 1", database);
  const auto why = failing();
  EXPECT_EQ(why.kind, trouble::permanent);
  EXPECT_THAT(why.reason, HasSubstr("migration 1 (things) failed"));
  EXPECT_EQ(one("SELECT version FROM roost.schema_head"), "0");
  EXPECT_EQ(one("SELECT count(*) FROM roost.schema_migration"), "0");
  server.sql("DROP VIEW roost.thing", database);
  bring_up();
}

TEST_F(pg_schema_fixture, a_lost_lock_commits_nothing_more) { // DB-4
  // The lock goes in the middle: another session takes it as soon as the change has begun.
  server.sql(
      "CREATE FUNCTION public.cut() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF tg_tag = 'ALTER TABLE' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "
      "END $$; CREATE EVENT TRIGGER cut ON ddl_command_end EXECUTE FUNCTION public.cut()",
      database);
  EXPECT_EQ(failing().kind, trouble::transient);
  EXPECT_EQ(one("SELECT version FROM roost.schema_head"), "2");
  EXPECT_EQ(one("SELECT count(*) FROM information_schema.columns WHERE column_name = 'more'"), "0");
  server.sql("DROP EVENT TRIGGER cut", database);
  bring_up();
}

TEST_F(pg_schema_fixture, without_rights_an_operator_is_asked) {
  server.sql("CREATE ROLE visitor_" + database + " LOGIN", database);
  pg_schema::settings with;
  auto url = server.url(database);
  url += (url.find('?') == std::string::npos ? "?" : "&") + ("user=visitor_" + database);
  pg_schema visitor(*pg_target::parse(url), *parse_migrations(files), with,
                    {cutter, os_random::instance(), [](state, std::uint32_t, std::uint32_t) {},
                     [](std::chrono::milliseconds) { return false; }});
  const auto up = visitor.bring_up();
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().kind, trouble::operator_needed);
}

} // namespace
} // namespace roost::database
