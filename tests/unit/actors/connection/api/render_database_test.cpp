#include "actors/connection/api/render_database.hpp"

#include "actors/connection/api/openapi.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

database_report away() {
  database_report x;
  const wall_time noon(1'769'860'800s);
  x.state = database_state::memory_only;
  x.since = noon;
  x.reason = "the database cannot be reached";
  x.backend = database_backend::postgresql;
  x.attempt = 3;
  x.next_attempt_at = noon + 2s;
  x.schema_version = 4;
  x.outbox = 17;
  x.transitions = {{database_state::idle, noon - 9s, ""},
                   {database_state::memory_only, noon, "the database cannot be reached"}};
  x.entered[static_cast<std::size_t>(database_state::memory_only)] = 1;
  return x;
}

database_pools_report pools() {
  database_pools_report out;
  out[0].size = 6;
  out[0].busy = 2;
  out[0].waits = 5;
  out[0].waited_seconds = 0.5;
  out[1].size = 1;
  out[2] = {2, 2, 3, 9, 4, 1, 6, 7, 8, 1.5, 0.75};
  return out;
}

std::string shown(const database_report& report, const database_pools_report& pools = {}) {
  database::archive_board archive;
  archive.waiting = 1;
  archive.written = 2;
  archive.dropped = 3;
  archive.outbox = 4;
  archive.shipped = 5;
  return database_json(report, pools, archive);
}

void expect_schema(const std::string& answer) {
  const auto object = json::parse(answer).as_object();
  const auto schemas = json::parse(openapi_schemas());
  const auto& schema = schemas.at("Database").as_object();
  for (const auto& [key, value] : object)
    EXPECT_TRUE(schema.at("properties").as_object().contains(key)) << "the schema lacks " << key;
  for (const auto& key : schema.at("required").as_array())
    EXPECT_TRUE(object.contains(key.as_string())) << "the answer lacks " << key;
}

TEST(render_database, is_what_the_contract_says) {
  const auto text = shown(away());
  expect_schema(text);
  EXPECT_EQ(text, R"({"state":"memory-only","since":"2026-01-31T12:00:00.000Z",)"
                  R"("reason":"the database cannot be reached","backend":"postgresql","attempt":3,)"
                  R"("next_attempt_at":"2026-01-31T12:00:02.000Z","schema_version":4,)"
                  R"("migration":null,"outbox":17,"transitions":[)"
                  R"({"state":"idle","at":"2026-01-31T11:59:51.000Z","reason":null},)"
                  R"({"state":"memory-only","at":"2026-01-31T12:00:00.000Z",)"
                  R"("reason":"the database cannot be reached"}],"pools":[],)"
                  R"("archive":{"waiting":1,"written":2,"dropped":3,"outbox":4,"shipped":5}})");
}

TEST(render_database, how_far_a_migration_is) {
  auto x = away();
  x.state = database_state::migrating;
  x.step = 2;
  x.steps = 5;
  expect_schema(shown(x));
  EXPECT_THAT(shown(x), HasSubstr(R"("migration":{"step":2,"steps":5})"));
}

TEST(render_database, pools_show_also_the_connections_that_answer_no_questions) {
  auto x = away();
  x.state = database_state::ready;
  const auto text = shown(x, pools_in_use(pools(), x));
  expect_schema(text);
  EXPECT_THAT(
      text,
      HasSubstr(R"("pools":[{"name":"app","size":6,"busy":3,"waiting":0,"timeouts":0,"refused":0},)"
                R"({"name":"init","size":1,"busy":1,"waiting":0,"timeouts":0,"refused":0},)"
                R"({"name":"analytics","size":2,"busy":2,"waiting":3,"timeouts":4,"refused":1}])"));
  EXPECT_EQ(pools_in_use(pools(), away())[0].busy, 2U);
  EXPECT_EQ(pools_in_use(pools(), away())[1].busy, 0U);
  x.state = database_state::migrating;
  EXPECT_EQ(pools_in_use(pools(), x)[0].busy, 2U);
  EXPECT_EQ(pools_in_use(pools(), x)[1].busy, 1U);
  EXPECT_EQ(pools_in_use({}, x), database_pools_report{});
}

TEST(render_database, metrics_of_pools) {
  metric_page page;
  add_database_pool_metrics(page, pools());
  const auto text = page.text();
  for (const auto* line : {"roost_database_pool_size{pool=\"app\"} 6",
                           "roost_database_pool_busy{pool=\"analytics\"} 2",
                           "roost_database_pool_waiting{pool=\"analytics\"} 3",
                           "roost_database_pool_questions_total{pool=\"analytics\"} 9",
                           "roost_database_pool_timeouts_total{pool=\"analytics\"} 4",
                           "roost_database_pool_refused_total{pool=\"analytics\"} 1",
                           "roost_database_pool_away_total{pool=\"analytics\"} 6",
                           "roost_database_pool_cancelled_total{pool=\"analytics\"} 7",
                           "roost_database_pool_waits_total{pool=\"app\"} 5",
                           "roost_database_pool_wait_seconds_total{pool=\"app\"} 0.5",
                           "roost_database_pool_longest_wait_seconds{pool=\"analytics\"} 0.75"})
    EXPECT_THAT(text, HasSubstr(line));
  metric_page without;
  add_database_pool_metrics(without, {});
  EXPECT_EQ(without.text(), "");
}

TEST(render_database, metrics_of_what_was_too_old) {
  database::retention_board board;
  board.own = 3;
  board.shared = 4;
  board.troubles = 5;
  metric_page page;
  add_retention_metrics(page, board);
  for (const auto* line :
       {"roost_retention_removed_total{from=\"node\"} 3",
        "roost_retention_removed_total{from=\"shared\"} 4", "roost_retention_troubles_total 5"})
    EXPECT_THAT(page.text(), HasSubstr(line));
}

TEST(render_database, every_state_has_a_name_that_the_schema_knows) {
  const auto schemas = json::parse(openapi_schemas());
  const auto& names = schemas.at("DatabaseState").at("enum").as_array();
  ASSERT_EQ(names.size(), database_states.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(std::string_view(names[i].as_string()), database_states[i].second);
}

TEST(render_database, metrics_show_one_state_and_count_all) {
  metric_page page;
  add_database_metrics(page, away());
  const auto text = page.text();
  EXPECT_THAT(text, HasSubstr("roost_database_state{state=\"memory-only\"} 1"));
  EXPECT_THAT(text, HasSubstr("roost_database_state{state=\"ready\"} 0"));
  EXPECT_THAT(text, HasSubstr("roost_database_transitions_total{state=\"memory-only\"} 1"));
  EXPECT_THAT(text, HasSubstr("roost_database_attempts 3"));
  EXPECT_THAT(text, HasSubstr("roost_database_schema_version 4"));
}

TEST(render_database, a_node_is_ready_without_it_and_says_why) {
  EXPECT_TRUE(database_component(away()).is_ready);
  EXPECT_EQ(database_component(away()).reason, "memory-only: the database cannot be reached");
  auto there = away();
  there.state = database_state::ready;
  EXPECT_EQ(database_component(there).reason, "");
}

} // namespace
} // namespace roost::connection::api
