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
  const auto text = database_json(away());
  expect_schema(text);
  EXPECT_EQ(text, R"({"state":"memory-only","since":"2026-01-31T12:00:00.000Z",)"
                  R"("reason":"the database cannot be reached","backend":"postgresql","attempt":3,)"
                  R"("next_attempt_at":"2026-01-31T12:00:02.000Z","schema_version":4,)"
                  R"("migration":null,"outbox":17,"transitions":[)"
                  R"({"state":"idle","at":"2026-01-31T11:59:51.000Z","reason":null},)"
                  R"({"state":"memory-only","at":"2026-01-31T12:00:00.000Z",)"
                  R"("reason":"the database cannot be reached"}]})");
}

TEST(render_database, how_far_a_migration_is) {
  auto x = away();
  x.state = database_state::migrating;
  x.step = 2;
  x.steps = 5;
  expect_schema(database_json(x));
  EXPECT_THAT(database_json(x), HasSubstr(R"("migration":{"step":2,"steps":5})"));
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
