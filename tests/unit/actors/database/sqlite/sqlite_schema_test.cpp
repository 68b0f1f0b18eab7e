#include "actors/database/sqlite/sqlite_schema.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace roost::database {
namespace {

std::vector<migration> of(std::vector<migration_file> files) {
  auto parsed = parse_migrations(files);
  if (!parsed)
    throw std::runtime_error(parsed.error().detail);
  return std::move(*parsed);
}

const migration_file first{"0001_one.sql", "CREATE TABLE one (n INTEGER);\n"};
const migration_file second{"0002_two.sql", "CREATE TABLE two (n INTEGER);\n"
                                            "INSERT INTO two VALUES (2);\n"};

class sqlite_schema_test : public testing::Test {
protected:
  sqlite_schema schema(std::vector<migration> known) {
    return {{.file = {.path = path}, .application = "roost/test"},
            std::move(known),
            [this](database_state to, std::uint32_t step, std::uint32_t steps) {
              seen.push_back(
                  std::string(to_string(to)) +
                  (steps > 0 ? " " + std::to_string(step) + "/" + std::to_string(steps) : ""));
            }};
  }
  std::string bytes(const std::string& ending = "") const {
    std::ostringstream out;
    out << std::ifstream(path + ending, std::ios::binary).rdbuf();
    return out.str();
  }

  test::temp_folder folder;
  std::string path = folder / "roost.db";
  std::vector<std::string> seen;
};

TEST_F(sqlite_schema_test, an_empty_file_gets_the_schema_of_this_build) {
  auto known = parse_migrations(sqlite_migrations());
  ASSERT_TRUE(known) << known.error().detail;
  const auto count = known->size();
  ASSERT_GE(count, 1U);
  for (const auto* where : {"roost.db", ":memory:"}) {
    path = where[0] == ':' ? where : folder / where;
    auto up = schema(*known).bring_up();
    ASSERT_TRUE(up) << up.error().reason;
    EXPECT_EQ(up->schema_version, count);
    EXPECT_TRUE(up->file->script("SELECT uuid FROM node"));
  }
}

TEST_F(sqlite_schema_test, each_migration_is_applied_once_and_told_of) {
  ASSERT_TRUE(schema(of({first})).bring_up());
  EXPECT_EQ(seen,
            (std::vector<std::string>{"connecting", "inspecting", "migrating 1/1", "verifying"}));
  seen.clear();
  auto up = schema(of({first, second})).bring_up();
  ASSERT_TRUE(up) << up.error().reason;
  EXPECT_EQ(up->schema_version, 2U);
  EXPECT_EQ(seen,
            (std::vector<std::string>{"connecting", "inspecting", "migrating 1/1", "verifying"}));
  up->file.reset();
  const auto before = bytes();
  seen.clear();
  ASSERT_TRUE(schema(of({first, second})).bring_up());
  EXPECT_EQ(seen, (std::vector<std::string>{"connecting", "inspecting", "verifying"}));
  EXPECT_TRUE(bytes() == before) << "what is up to date is not written";
}

TEST_F(sqlite_schema_test, a_migration_that_fails_leaves_nothing_of_itself) {
  const migration_file wrong{"0002_two.sql", "CREATE TABLE two (n INTEGER);\nSELEKT;\n"};
  auto failed = schema(of({first, wrong})).bring_up();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, trouble::permanent);
  EXPECT_NE(failed.error().reason.find("migration 2 (two)"), std::string::npos);
  auto left = schema(of({first, wrong})).look();
  ASSERT_TRUE(left);
  EXPECT_EQ(left->plan.schema_version, 1U);
  EXPECT_EQ(left->plan.pending, std::vector<std::uint32_t>{2});
  auto up = schema(of({first, second})).bring_up();
  ASSERT_TRUE(up) << up.error().reason;
}

TEST_F(sqlite_schema_test, an_edited_migration_and_a_newer_schema_are_refused_with_advice) {
  ASSERT_TRUE(schema(of({first, second})).bring_up());
  const migration_file edited{"0001_one.sql", "CREATE TABLE one (m INTEGER);\n"};
  auto blocked = schema(of({edited, second})).bring_up();
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().kind, trouble::permanent);
  EXPECT_NE(blocked.error().reason.find("edited after it was applied"), std::string::npos);
  auto newer = schema(of({first})).bring_up();
  ASSERT_TRUE(newer) << "an older build can use what asks for no newer one";
  EXPECT_EQ(newer->schema_version, 2U);
  newer->file.reset();
  const migration_file third{"0003_x.sql", "-- roost: needs 3\nCREATE TABLE x (n);\n"};
  ASSERT_TRUE(schema(of({first, second, third})).bring_up());
  auto refused = schema(of({first, second})).bring_up();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().reason.find("Install a newer one"), std::string::npos);
}

TEST_F(sqlite_schema_test, steps_without_a_transaction_are_not_for_sqlite) {
  const migration_file steps{"0001_x.sql",
                             "-- roost: no transaction\n-- step\nCREATE TABLE x (n);\n"};
  auto refused = schema(of({steps})).bring_up();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, trouble::permanent);
}

TEST_F(sqlite_schema_test, a_damaged_file_is_reported_with_what_to_do_and_left_as_it_is) {
  {
    auto up = schema(of({first})).bring_up();
    ASSERT_TRUE(up);
    for (int i = 0; i < 3000; ++i)
      ASSERT_TRUE(up->file->script("INSERT INTO one VALUES (1)"));
  }
  auto damaged = bytes();
  ASSERT_GT(damaged.size(), 24'576U);
  std::fill(damaged.end() - 12'288, damaged.end(), '\x5a');
  folder.file("roost.db", damaged, 0600);
  auto refused = schema(of({first, second})).bring_up();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, trouble::permanent) << "the state is blocked";
  for (const auto* part : {"roost.db is damaged", "restore", "-wal", ".recover"})
    EXPECT_NE(refused.error().reason.find(part), std::string::npos) << part;
  EXPECT_EQ(refused.error().reason.find(folder.path()), std::string::npos) << "a path";
  EXPECT_TRUE(bytes() == damaged);
  folder.file("roost.db",
              "this is no database, it is a letter to a friend. " + std::string(4096, '.'));
  EXPECT_FALSE(schema(of({first})).bring_up());
  EXPECT_EQ(bytes().substr(0, 7), "this is");
}

TEST_F(sqlite_schema_test, a_large_file_is_not_read_through) {
  {
    auto up = schema(of({first})).bring_up();
    ASSERT_TRUE(up);
    for (int i = 0; i < 3000; ++i)
      ASSERT_TRUE(up->file->script("INSERT INTO one VALUES (1)"));
  }
  auto damaged = bytes();
  std::fill(damaged.end() - 12'288, damaged.end(), '\x5a');
  folder.file("roost.db", damaged, 0600);
  sqlite_schema large({.file = {.path = path}, .application = "roost/test", .check_up_to = 100},
                      of({first}), [](database_state, std::uint32_t, std::uint32_t) {});
  EXPECT_TRUE(large.bring_up());
}

TEST_F(sqlite_schema_test, looking_makes_and_changes_nothing) {
  auto none = schema(of({first})).look();
  ASSERT_TRUE(none);
  EXPECT_EQ(none->plan.pending, std::vector<std::uint32_t>{1});
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(schema(of({first})).bring_up());
  auto some = schema(of({first, second})).look();
  ASSERT_TRUE(some);
  EXPECT_EQ(some->rows.size(), 1U);
  EXPECT_EQ(some->plan.pending, std::vector<std::uint32_t>{2});
}

// DB-1, DB-2: many processes at once, of which each may die at any point, end with one schema.
TEST_F(sqlite_schema_test, many_that_start_at_once_and_die_leave_what_the_last_one_finishes) {
  std::vector<migration_file> files;
  std::vector<std::string> texts;
  for (int i = 1; i <= 20; ++i)
    texts.push_back("CREATE TABLE t" + std::to_string(i) + " (n);\nINSERT INTO t" +
                    std::to_string(i) + " VALUES (1);\n");
  std::vector<std::string> names;
  for (int i = 1; i <= 20; ++i)
    names.push_back((i < 10 ? "000" : "00") + std::to_string(i) + "_t.sql");
  for (std::size_t i = 0; i < texts.size(); ++i)
    files.push_back({names[i], texts[i]});
  const auto known = of(files);
  for (int round = 0; round < 10; ++round) {
    path = folder / (std::to_string(round) + ".db");
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const auto child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        // Some die at their n-th step.
        const int last = i == 0 ? 1000 : 3 * i + round;
        int steps = 0;
        sqlite_schema one({.file = {.path = path}, .application = "roost/test"}, known,
                          [&](database_state, std::uint32_t, std::uint32_t) {
                            if (++steps == last)
                              ::kill(::getpid(), SIGKILL);
                          });
        auto up = one.bring_up();
        ::_exit(up || up.error().kind == trouble::transient ? 0 : 1);
      }
      children.push_back(child);
    }
    for (const auto child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    }
    auto up = schema(known).bring_up();
    ASSERT_TRUE(up) << up.error().reason;
    EXPECT_EQ(up->schema_version, 20U);
    for (int i = 1; i <= 20; ++i) {
      std::int64_t rows = 0;
      ASSERT_TRUE(up->file->query("SELECT count(*) FROM t" + std::to_string(i), {},
                                  [&](const sqlite_row& row) { rows = row.integer(0); }));
      EXPECT_EQ(rows, 1) << "migration " << i;
    }
  }
}

} // namespace
} // namespace roost::database
