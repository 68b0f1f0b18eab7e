#include "actors/database/sqlite/sqlite_backend.hpp"

#include "tests/support/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace roost::database {
namespace {

struct sqlite_backend_fixture : testing::Test {
  sqlite_backend backend() {
    sqlite_schema::settings with;
    with.file.path = folder.path() + "/roost.db";
    with.application = "roost/a";
    return {with, *parse_migrations(sqlite_migrations())};
  }
  static result<std::uint32_t, init_failure> bring_up(sqlite_backend& what) {
    return what.bring_up([](database_state, std::uint32_t, std::uint32_t) {});
  }

  test::temp_folder folder;
};

TEST_F(sqlite_backend_fixture, is_brought_up_and_looked_at) {
  auto what = backend();
  EXPECT_EQ(what.look()->plan.pending.size(), what.known().size());
  ASSERT_TRUE(bring_up(what));
  EXPECT_TRUE(what.check());
  EXPECT_TRUE(what.look()->plan.pending.empty());
}

TEST_F(sqlite_backend_fixture, a_file_that_is_none_is_left_alone) {
  const std::string content = "this is no database, but somebody's only copy of something";
  std::ofstream(folder.path() + "/roost.db") << content;
  auto what = backend();
  const auto up = bring_up(what);
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().kind, trouble::permanent);
  std::ifstream file(folder.path() + "/roost.db");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), content);
}

TEST_F(sqlite_backend_fixture, does_nothing_after_its_end) {
  auto what = backend();
  what.stop();
  EXPECT_FALSE(bring_up(what));
}

} // namespace
} // namespace roost::database
