#include "actors/database/archive/local_file.hpp"

#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace roost::database {
namespace {

struct local_file_fixture : testing::Test {
  local_file::settings settings(bool has_shared) {
    return {folder.path() + "/roost.db", "roost/a", has_shared, 1 << 20};
  }
  local_file file(bool has_shared) {
    return {settings(has_shared), *parse_migrations(sqlite_migrations())};
  }
  static keyed_record event(std::uint64_t seq) {
    return {{"11111111-2222-4333-8444-555555555555", 1, 0, seq},
            seq - 1,
            session_event{"s", {}, "changed", "{}"}};
  }

  test::temp_folder folder;
};

TEST_F(local_file_fixture, is_brought_up_when_it_is_needed_and_keeps_what_is_written) {
  {
    auto first = file(false);
    const std::vector batch{event(1), event(2)};
    const auto done = first.write(batch);
    ASSERT_TRUE(done) << done.error().text;
    EXPECT_EQ(done->applied, 2U);
    EXPECT_EQ(first.write(batch)->skipped, 2U);
    EXPECT_EQ(first.waiting(), nullptr);
  }
  auto second = file(false);
  const auto store = second.open();
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->events("s", {})->rows.size(), 2U);
}

TEST_F(local_file_fixture, what_a_shared_database_lacks_waits) {
  auto own = file(true);
  ASSERT_TRUE(own.write(std::vector{event(1), event(2), event(3)}));
  ASSERT_NE(own.waiting(), nullptr);
  EXPECT_EQ(own.waiting()->total()->records, 3U);
}

TEST_F(local_file_fixture, two_of_them_work_beside_each_other) {
  auto writer = file(true);
  auto reader = file(true);
  ASSERT_TRUE(writer.write(std::vector{event(1)}));
  ASSERT_TRUE(reader.open());
  ASSERT_TRUE(writer.write(std::vector{event(2)}));
  EXPECT_EQ((*reader.open())->events("s", {})->rows.size(), 2U);
  EXPECT_EQ(reader.waiting()->total()->records, 2U);
}

TEST_F(local_file_fixture, a_file_that_is_none_is_said_and_left_alone) {
  std::ofstream(folder.path() + "/roost.db")
      << "somebody's only copy of something, and no database";
  auto own = file(false);
  const auto done = own.write(std::vector{event(1)});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, trouble::permanent);
  EXPECT_FALSE(done.error().text.empty());
}

} // namespace
} // namespace roost::database
