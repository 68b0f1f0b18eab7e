#include "actors/database/sqlite/sqlite_file.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace roost::database {
namespace {

std::unique_ptr<sqlite_file> opened(const std::string& path) {
  auto file = sqlite_file::open({.path = path, .busy_timeout = std::chrono::milliseconds(20)});
  if (!file)
    throw std::runtime_error(file.error().text);
  return std::move(*file);
}

std::int64_t number(sqlite_file& file, std::string_view sql) {
  std::int64_t out = -1;
  auto got = file.query(sql, {}, [&](const sqlite_row& row) { out = row.integer(0); });
  EXPECT_TRUE(got) << got.error().text;
  return out;
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

std::string bytes_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

TEST(sqlite_file_test, values_come_back_as_they_were_given) {
  auto file = opened(":memory:");
  ASSERT_TRUE(file->script("CREATE TABLE t (i, d, t, e, b, n)"));
  const std::string text = "'); DROP TABLE t; -- \xc3\xa9";
  const std::string blob("\0\x01\xff", 3);
  const auto smallest = std::numeric_limits<std::int64_t>::min();
  const sqlite_value values[] = {
      smallest, 0.1, std::string_view(text), std::string_view{}, blob_view{blob}, std::monostate{}};
  const auto done = file->run("INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)", values);
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_EQ(*done, 1U);
  int rows = 0;
  ASSERT_TRUE(file->query("SELECT * FROM t", {}, [&](const sqlite_row& row) {
    ++rows;
    EXPECT_EQ(row.columns(), 6);
    EXPECT_EQ(row.integer(0), smallest);
    EXPECT_EQ(row.real(1), 0.1);
    EXPECT_EQ(row.text(2), text);
    EXPECT_EQ(row.text(3), "");
    EXPECT_FALSE(row.is_null(3)) << "an empty text is not nothing";
    EXPECT_EQ(row.blob(4), blob);
    EXPECT_TRUE(row.is_null(5));
  }));
  EXPECT_EQ(rows, 1);
}

TEST(sqlite_file_test, values_are_bound_by_their_numbers_in_any_order) {
  auto file = opened(":memory:");
  const sqlite_value values[] = {std::int64_t{1}, std::int64_t{20}};
  for (const auto* sql : {"SELECT $2 - $1 - $1", "SELECT ?2 - ?1 - ?1"}) {
    std::int64_t out = 0;
    ASSERT_TRUE(file->query(sql, values, [&](const sqlite_row& row) { out = row.integer(0); }));
    EXPECT_EQ(out, 18) << sql;
  }
}

TEST(sqlite_file_test, one_statement_is_one) {
  auto file = opened(":memory:");
  auto two = file->run("SELECT 1; SELECT 2");
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().kind, trouble::permanent);
  EXPECT_FALSE(file->run(""));
  EXPECT_FALSE(file->run("SELEKT 1"));
  ASSERT_TRUE(file->script("CREATE TABLE t (n); INSERT INTO t VALUES (1), (2)"));
  EXPECT_EQ(*file->run("UPDATE t SET n = 3"), 2U);
  EXPECT_EQ(*file->run("SELECT 1"), 0U) << "what the statement before it changed is not its own";
}

TEST(sqlite_file_test, more_statements_than_are_kept) {
  auto file = opened(":memory:");
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 300; ++i)
      ASSERT_EQ(number(*file, "SELECT " + std::to_string(i)), i);
}

TEST(sqlite_file_test, a_transaction_is_all_or_nothing_and_so_is_one_within_it) {
  auto file = opened(":memory:");
  ASSERT_TRUE(file->script("CREATE TABLE t (n)"));
  const auto add = [&](int n) {
    ASSERT_TRUE(file->script("INSERT INTO t VALUES (" + std::to_string(n) + ")"));
  };
  {
    auto undone = sqlite_transaction::begin(*file);
    ASSERT_TRUE(undone);
    add(1);
  }
  EXPECT_FALSE(file->is_in_transaction());
  EXPECT_EQ(number(*file, "SELECT count(*) FROM t"), 0);
  auto outer = sqlite_transaction::begin(*file);
  ASSERT_TRUE(outer);
  add(1);
  {
    auto inner = sqlite_transaction::begin(*file);
    ASSERT_TRUE(inner);
    add(10);
  }
  {
    auto inner = sqlite_transaction::begin(*file);
    ASSERT_TRUE(inner);
    add(100);
    ASSERT_TRUE(inner->commit());
  }
  ASSERT_TRUE(outer->commit());
  EXPECT_EQ(number(*file, "SELECT sum(n) FROM t"), 101);
}

TEST(sqlite_file_test, files_are_for_their_owner_only) {
  const test::temp_folder folder;
  const auto file = opened(folder / "new.db");
  ASSERT_TRUE(file->script("CREATE TABLE t (n); INSERT INTO t VALUES (1)"));
  for (const auto* name : {"new.db", "new.db-wal", "new.db-shm"})
    EXPECT_EQ(mode_of(folder / name), 0600U) << name;
  const auto old = opened(folder.file("old.db", "", 0644));
  EXPECT_EQ(mode_of(folder / "old.db"), 0600U);
}

TEST(sqlite_file_test, a_lock_of_another_connection_is_a_trouble_that_passes) {
  const test::temp_folder folder;
  auto one = opened(folder / "f.db");
  auto other = opened(folder / "f.db");
  ASSERT_TRUE(one->script("CREATE TABLE t (n)"));
  auto held = sqlite_transaction::begin(*one);
  ASSERT_TRUE(held);
  auto refused = sqlite_transaction::begin(*other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, trouble::transient);
  ASSERT_TRUE(held->commit());
  EXPECT_TRUE(sqlite_transaction::begin(*other));
}

TEST(sqlite_file_test, a_full_disk_is_told_apart_and_undoes_the_whole_transaction) {
  const test::temp_folder folder;
  auto file = opened(folder / "f.db");
  ASSERT_TRUE(file->script("CREATE TABLE t (b); PRAGMA max_page_count = 20"));
  {
    auto transaction = sqlite_transaction::begin(*file);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(file->script("INSERT INTO t VALUES ('x')"));
    auto full = file->script("INSERT INTO t VALUES (zeroblob(1000000))");
    ASSERT_FALSE(full);
    EXPECT_TRUE(full.error().is_full());
    EXPECT_FALSE(full.error().is_damaged());
    EXPECT_EQ(full.error().kind, trouble::transient);
  }
  EXPECT_EQ(number(*file, "SELECT count(*) FROM t"), 0);
  ASSERT_TRUE(file->script("PRAGMA max_page_count = 1000; INSERT INTO t VALUES ('x')"));
  EXPECT_EQ(number(*file, "SELECT count(*) FROM t"), 1);
}

TEST(sqlite_file_test, a_full_disk_in_an_inner_transaction_undoes_the_outer_one_and_says_so) {
  const test::temp_folder folder;
  auto file = opened(folder / "f.db");
  ASSERT_TRUE(file->script("CREATE TABLE t (b); PRAGMA max_page_count = 20"));
  auto outer = sqlite_transaction::begin(*file);
  ASSERT_TRUE(outer);
  ASSERT_TRUE(file->script("INSERT INTO t VALUES ('x')"));
  {
    auto inner = sqlite_transaction::begin(*file);
    ASSERT_TRUE(inner);
    EXPECT_FALSE(file->script("INSERT INTO t VALUES (zeroblob(1000000))"));
  }
  if (auto done = outer->commit(); done)
    EXPECT_EQ(number(*file, "SELECT count(*) FROM t"), 1) << "committed means that it is there";
  else
    EXPECT_EQ(number(*file, "SELECT count(*) FROM t"), 0);
}

TEST(sqlite_file_test, what_is_no_database_is_left_as_it_is) {
  const test::temp_folder folder;
  const std::string text(5000, 'x');
  const auto path = folder.file("f.db", text);
  auto file = sqlite_file::open({.path = path});
  ASSERT_FALSE(file);
  EXPECT_TRUE(file.error().is_damaged());
  EXPECT_EQ(file.error().kind, trouble::permanent);
  EXPECT_TRUE(bytes_of(path) == text);
}

TEST(sqlite_file_test, a_file_that_cannot_be_opened_needs_an_operator) {
  const test::temp_folder folder;
  auto file = sqlite_file::open({.path = folder / "no/such/folder/f.db"});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, trouble::operator_needed);
  EXPECT_FALSE(file.error().is_damaged());
  EXPECT_FALSE(sqlite_file::open({.path = folder.path()})) << "a folder";
}

TEST(sqlite_file_test, damage_within_is_found_and_the_log_stays_beside_the_file) {
  const test::temp_folder folder;
  const auto path = folder / "f.db";
  {
    auto file = opened(path);
    ASSERT_TRUE(file->script("CREATE TABLE t (b)"));
    for (int i = 0; i < 200; ++i)
      ASSERT_TRUE(file->script("INSERT INTO t VALUES (randomblob(500))"));
    EXPECT_TRUE(file->check());
    EXPECT_GT(*file->size(), 50'000U);
  }
  auto bytes = bytes_of(path);
  std::fill(bytes.begin() + 4096, bytes.begin() + 12288, '\x5a');
  folder.file("f.db", bytes, 0600);
  {
    auto file = opened(path);
    ASSERT_TRUE(file->script("CREATE TABLE u (n)"));
    auto found = file->check();
    ASSERT_FALSE(found);
    EXPECT_TRUE(found.error().is_damaged());
    EXPECT_FALSE(found.error().is_full());
  }
  EXPECT_TRUE(bytes_of(path) == bytes) << "the file was changed after the damage was found";
  EXPECT_FALSE(bytes_of(path + "-wal").empty());
}

TEST(sqlite_file_test, a_reader_changes_nothing) {
  const test::temp_folder folder;
  const auto path = folder / "f.db";
  ASSERT_TRUE(opened(path)->script("CREATE TABLE t (n)"));
  auto reader = sqlite_file::open({.path = path, .may = sqlite_file::access::read_only});
  ASSERT_TRUE(reader);
  EXPECT_EQ(number(**reader, "SELECT count(*) FROM t"), 0);
  EXPECT_FALSE((*reader)->script("INSERT INTO t VALUES (1)"));
  EXPECT_FALSE(
      sqlite_file::open({.path = folder / "none.db", .may = sqlite_file::access::read_only}));
}

} // namespace
} // namespace roost::database
