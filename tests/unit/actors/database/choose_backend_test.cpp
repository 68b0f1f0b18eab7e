#include "actors/database/choose_backend.hpp"

#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace roost::database {
namespace {

database_config settings(const std::string& url) {
  database_config out;
  out.url = url;
  return out;
}

void expect_ready(const std::string& url, const std::string& folder) {
  const auto made = choose_backend(settings(url), folder, {"id", "a", "1"}, os_random::instance());
  ASSERT_TRUE(made) << made.error().detail;
  const auto up = (*made)->bring_up([](database_state, std::uint32_t, std::uint32_t) {});
  ASSERT_TRUE(up) << up.error().reason;
  EXPECT_EQ(*up, (*made)->known().size());
  EXPECT_TRUE((*made)->check());
  EXPECT_TRUE((*made)->check());
}

TEST(choose_backend, a_file_in_the_data_dir_unless_something_else_is_said) {
  for (const auto* url : {"", "sqlite:"}) {
    EXPECT_EQ(backend_of(settings(url)), database_backend::sqlite);
    const test::temp_folder folder;
    expect_ready(url, folder.path());
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/roost.db"));
  }
}

TEST(choose_backend, memory_leaves_no_file) {
  EXPECT_EQ(backend_of(settings("memory:")), database_backend::memory);
  const test::temp_folder folder;
  expect_ready("memory:", folder.path());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(choose_backend, postgresql_by_its_url) {
  for (const auto* url : {"postgresql://h/d", "postgres://u:p@h:1/d"})
    EXPECT_EQ(backend_of(settings(url)), database_backend::postgresql);
  const auto bad =
      choose_backend(settings("postgresql://h/d?nonsense=1"), "", {}, os_random::instance());
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().is(setup_error::bad_configuration));
}

TEST(choose_backend, a_direct_way_past_a_pooler_is_taken) {
  auto both = settings("postgresql://h/d");
  both.init_url = "postgresql://h/d?nonsense=1";
  EXPECT_FALSE(choose_backend(both, "", {}, os_random::instance()))
      << "the address that is used is the one that is wrong";
}

TEST(choose_backend, the_archive_writes_to_the_node_s_own_file_and_ships_to_postgresql_alone) {
  const auto cutter = std::make_shared<socket_cutter>();
  const auto file = choose_files(settings(""), "/d", "a", cutter);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->file.path, "/d/roost.db");
  EXPECT_FALSE(file->file.has_shared);
  EXPECT_FALSE(file->connect);
  EXPECT_EQ(choose_files(settings("memory:"), "/d", "a", cutter)->file.path, ":memory:");
  const auto shared = choose_files(settings("postgresql://127.0.0.1:1/d"), "/d", "a", cutter);
  ASSERT_TRUE(shared);
  EXPECT_EQ(shared->file.path, "/d/roost.db");
  EXPECT_TRUE(shared->file.has_shared);
  EXPECT_FALSE(shared->connect()) << "nobody is there";
  EXPECT_FALSE(choose_files(settings("postgresql://h/d?nonsense=1"), "/d", "a", cutter));
}

TEST(choose_backend, its_patience_is_the_configuration_s) {
  database_config from;
  from.lock_wait = std::chrono::milliseconds(1);
  from.session_timeout = std::chrono::milliseconds(2);
  from.migration_timeout = std::chrono::milliseconds(3);
  from.connect_timeout = std::chrono::milliseconds(4);
  const auto got = schema_settings(from, "node");
  EXPECT_EQ(got.application, "roost/node");
  EXPECT_EQ(got.lock_wait, from.lock_wait);
  EXPECT_EQ(got.session_timeout, from.session_timeout);
  EXPECT_EQ(got.migration_timeout, from.migration_timeout);
  EXPECT_EQ(got.connect_timeout, from.connect_timeout);
}

} // namespace
} // namespace roost::database
