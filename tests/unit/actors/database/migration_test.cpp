#include "actors/database/migration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::database {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<migration> parsed(const std::vector<migration_file>& files) {
  auto out = parse_migrations(files);
  EXPECT_TRUE(out) << out.error().detail;
  return std::move(out).value();
}

std::string problem_with(const std::vector<migration_file>& files) {
  const auto out = parse_migrations(files);
  return out ? "" : out.error().detail;
}

TEST(migration, those_of_this_build_can_be_read) {
  EXPECT_FALSE(parsed({postgresql_migrations().begin(), postgresql_migrations().end()}).empty());
  EXPECT_TRUE(parse_migrations(sqlite_migrations()));
}

TEST(migration, is_one_transaction_unless_it_says_otherwise) {
  const auto all = parsed({{"0001_one.sql", "-- about it\nCREATE TABLE a (b int);\n\nSELECT 1;\n"},
                           {"0002_two.sql", "-- roost: no transaction\n-- roost: needs 2\n-- step\n"
                                            "SELECT 2;\n-- step: index a_b\nCREATE INDEX "
                                            "CONCURRENTLY a_b\n  ON a (b);\n"}});
  EXPECT_EQ(all[0].version, 1U);
  EXPECT_EQ(all[0].name, "one");
  EXPECT_TRUE(all[0].is_transactional);
  ASSERT_EQ(all[0].steps.size(), 1U);
  EXPECT_EQ(all[0].steps[0].sql, "CREATE TABLE a (b int);\nSELECT 1;\n");
  EXPECT_FALSE(all[1].is_transactional);
  EXPECT_EQ(all[1].needs, 2U);
  ASSERT_EQ(all[1].steps.size(), 2U);
  EXPECT_EQ(all[1].steps[0].index, "");
  EXPECT_EQ(all[1].steps[1].index, "a_b");
  EXPECT_EQ(all[1].steps[1].sql, "CREATE INDEX CONCURRENTLY a_b\nON a (b);\n");
}

TEST(migration, its_checksum_is_of_every_byte) {
  const auto sum = [](std::string_view text) { return parsed({{"0001_a.sql", text}})[0].checksum; };
  // sha256sum of "SELECT 1;\n"
  EXPECT_EQ(sum("SELECT 1;\n"), "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd");
  EXPECT_NE(sum("SELECT 1;\n"), sum("SELECT 1; \n"));
  EXPECT_NE(sum("SELECT 1;\n"), sum("-- c\nSELECT 1;\n"));
}

TEST(migration, a_bad_file_is_named_with_the_line) {
  EXPECT_THAT(problem_with({{"1_a.sql", "SELECT 1;"}}),
              HasSubstr("1_a.sql:0: a migration is called"));
  EXPECT_THAT(problem_with({{"0002_a.sql", "SELECT 1;"}}), HasSubstr("the next version is 1"));
  EXPECT_THAT(problem_with({{"0001_a.sql", "-- nothing\n"}}), HasSubstr("a step without SQL"));
  EXPECT_THAT(problem_with({{"0001_a.sql", "SELECT 1;\n-- roost: hurry\n"}}),
              HasSubstr("0001_a.sql:2: this directive is not known"));
  EXPECT_THAT(problem_with({{"0001_a.sql", "-- roost: no transaction\nSELECT 1;\n"}}),
              HasSubstr("0001_a.sql:2: without a transaction"));
  EXPECT_THAT(problem_with({{"0001_a.sql", "-- step\nSELECT 1;\n-- step\nSELECT 2;\n"}}),
              HasSubstr("no transaction"));
  EXPECT_THAT(problem_with({{"0001_a.sql", "-- roost: needs 2\nSELECT 1;\n"}}),
              HasSubstr("not known"));
}

struct plans : testing::Test {
  std::vector<migration> known = parsed(
      {{"0001_a.sql", "SELECT 1;"}, {"0002_b.sql", "SELECT 2;"}, {"0003_c.sql", "SELECT 3;"}});
  ledger_row row(std::uint32_t version, ledger_row::state is = ledger_row::state::applied) {
    return {version, known[version - 1].name, known[version - 1].checksum, is, 0};
  }
};

TEST_F(plans, what_is_missing_is_done_in_order) {
  EXPECT_THAT(plan_migrations(known, {}).pending, ElementsAre(1, 2, 3));
  const auto one = plan_migrations(known, std::vector{row(1)});
  EXPECT_THAT(one.pending, ElementsAre(2, 3));
  EXPECT_EQ(one.schema_version, 1U);
  const auto all = plan_migrations(known, std::vector{row(1), row(2), row(3)});
  EXPECT_THAT(all.pending, IsEmpty());
  EXPECT_EQ(all.blocked, "");
  EXPECT_EQ(all.schema_version, 3U);
  EXPECT_FALSE(all.is_newer);
}

TEST_F(plans, what_was_begun_is_done_again) {
  const auto plan = plan_migrations(known, std::vector{row(1), row(2, ledger_row::state::started)});
  EXPECT_EQ(plan.blocked, "");
  EXPECT_THAT(plan.pending, ElementsAre(2, 3));
  EXPECT_EQ(plan.schema_version, 1U);
}

TEST_F(plans, an_edited_migration_blocks) { // DB-5
  auto edited = row(2);
  edited.checksum[0] = edited.checksum[0] == '0' ? '1' : '0';
  EXPECT_THAT(plan_migrations(known, std::vector{row(1), edited}).blocked, HasSubstr("was edited"));
  edited = row(2);
  edited.name = "other";
  EXPECT_THAT(plan_migrations(known, std::vector{row(1), edited}).blocked,
              HasSubstr("migration 2 (other)"));
}

TEST_F(plans, a_gap_blocks) {
  const auto plan = plan_migrations(known, std::vector{row(1), row(3)});
  EXPECT_THAT(plan.blocked, HasSubstr("migration 2 (b) is missing"));
  EXPECT_THAT(plan.pending, IsEmpty());
}

TEST_F(plans, a_newer_schema_is_used_if_it_lets_us) {
  std::vector rows{row(1), row(2), row(3), ledger_row{4, "d", "x", ledger_row::state::applied, 3}};
  auto plan = plan_migrations(known, rows);
  EXPECT_EQ(plan.blocked, "");
  EXPECT_TRUE(plan.is_newer);
  EXPECT_EQ(plan.schema_version, 4U);
  rows.back().needs = 4;
  EXPECT_THAT(plan_migrations(known, rows).blocked,
              HasSubstr("needs a version of Roost that knows migration 4"));
  rows.back().needs = 0;
  rows.back().is = ledger_row::state::started;
  EXPECT_THAT(plan_migrations(known, rows).blocked, HasSubstr("begun and not finished"));
}

} // namespace
} // namespace roost::database
