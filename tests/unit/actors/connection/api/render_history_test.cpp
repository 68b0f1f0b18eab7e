#include "actors/connection/api/render_history.hpp"

#include "actors/connection/api/openapi.hpp"
#include "actors/connection/api/requests.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

database::session_record past() {
  database::session_record x;
  x.id = "ab";
  x.node = "n";
  x.title = "t";
  x.command = R"(["sh","-c","exit 3"])";
  x.owner = "me";
  x.sandbox = "none";
  x.epoch = "e";
  x.created_at = wall_time(1'769'860'800s);
  x.exited_at = x.created_at + 2s;
  x.exit_status = 3;
  x.state = "exited";
  x.offset = 7;
  return x;
}

TEST(render_history, is_what_the_schema_says) {
  const auto text = history_json({{past()}, "next"});
  EXPECT_THAT(text, HasSubstr(R"("command":["sh","-c","exit 3"])"));
  EXPECT_THAT(text,
              HasSubstr(R"("exited_at":"2026-01-31T12:00:02.000Z","exit_status":3,"signal":null)"));
  EXPECT_THAT(text, HasSubstr(R"("next":"next")"));
  const auto schemas = json::parse(openapi_schemas());
  const auto& schema = schemas.at("PastSession").as_object();
  const auto answer = json::parse(text);
  const auto& row = answer.at("sessions").at(0).as_object();
  for (const auto& [key, value] : row)
    EXPECT_TRUE(schema.at("properties").as_object().contains(key)) << "the schema lacks " << key;
  for (const auto& key : schema.at("required").as_array())
    EXPECT_TRUE(row.contains(key.as_string())) << "the answer lacks " << key;
}

TEST(render_history, what_is_damaged_is_null) {
  auto row = past();
  row.command = R"(["sh)";
  EXPECT_THAT(history_json({{row}, ""}), HasSubstr(R"("command":null)"));
  EXPECT_THAT(history_json({{}, ""}), R"({"sessions":[],"next":null})");
}

http_request asking(std::vector<std::pair<std::string, std::string>> query) {
  http_request out;
  out.query = std::move(query);
  return out;
}

TEST(render_history, a_question_has_bounds) {
  const auto plain = parse_history(asking({}));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->what.at.limit, 100U);
  const auto full = parse_history(asking({{"state", "exited"},
                                          {"owner", "me"},
                                          {"limit", "5"},
                                          {"cursor", "c"},
                                          {"scope", "all"},
                                          {"from", "2026-01-31T12:00:00Z"}}));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->what.state, "exited");
  EXPECT_EQ(full->scope, store_scope::all);
  EXPECT_TRUE(full->what.created.from);
  EXPECT_FALSE(full->what.created.before);
  EXPECT_EQ(full->what.owner, "me");
  EXPECT_EQ(full->what.at.limit, 5U);
  EXPECT_EQ(full->what.at.cursor, "c");
  for (const auto* bad : {"0", "1001", "x", "-1", "", "5x"})
    EXPECT_FALSE(parse_history(asking({{"limit", bad}}))) << bad;
  EXPECT_FALSE(parse_history(asking({{"scope", "x"}})));
  EXPECT_FALSE(parse_history(asking({{"from", "x"}})));
}

} // namespace
} // namespace roost::connection::api
