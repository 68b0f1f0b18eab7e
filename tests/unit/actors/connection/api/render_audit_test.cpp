#include "actors/connection/api/render_audit.hpp"

#include "actors/connection/api/openapi.hpp"
#include "actors/connection/api/requests.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

/// That the rows have exactly the fields that the schema requires.
void expect_schema(const json::value& row, std::string_view schema, std::string_view list) {
  const auto schemas = json::parse(openapi_schemas());
  const auto& wanted =
      schemas.at(schema).at("properties").at(list).at("items").at("required").as_array();
  EXPECT_EQ(row.as_object().size(), wanted.size());
  for (const auto& name : wanted)
    EXPECT_TRUE(row.as_object().contains(name.as_string())) << name;
}

TEST(render_audit, is_what_the_schema_says) {
  database::audit_record row{wall_time(1'769'860'800s), "laptop", "token.revoke", "77", "done",
                             R"({"address":"unix"})",   "c0ffee"};
  const auto text = audit_json({{row}, "more"});
  EXPECT_EQ(
      text,
      R"({"records":[{"at":"2026-01-31T12:00:00.000Z","who":"laptop","action":"token.revoke","target":"77",)"
      R"("outcome":"done","detail":{"address":"unix"},"correlation_id":"c0ffee"}],"next":"more"})");
  expect_schema(json::parse(text).at("records").at(0), "Audit", "records");
  row.detail = "{damaged";
  EXPECT_NE(audit_json({{row}, ""}).find(R"("detail":null)"), std::string::npos);
  EXPECT_NE(audit_json({{row}, ""}).find(R"("next":null)"), std::string::npos);
}

TEST(render_audit, connections_are_what_the_schema_says) {
  database::connection_record row{
      "n", 7, "5", "laptop", "192.0.2.1", wall_time(1'769'860'800s), {}, {}, "", 1, 2};
  auto text = connection_history_json({{row}, ""});
  EXPECT_EQ(
      text,
      R"({"connections":[{"id":"5","node":"n","who":"laptop","address":"192.0.2.1","opened_at":"2026-01-31T12:00:00.000Z",)"
      R"("closed_at":null,"close_code":null,"reason":null,"bytes_in":1,"bytes_out":2}],"next":null})");
  expect_schema(json::parse(text).at("connections").at(0), "PastConnections", "connections");
  row.closed_at = row.opened_at + 1s;
  row.close_code = 4408;
  text = connection_history_json({{row}, ""});
  EXPECT_NE(text.find(R"("closed_at":"2026-01-31T12:00:01.000Z","close_code":4408)"),
            std::string::npos);
}

TEST(render_audit, questions_are_read) {
  http_request request;
  request.query = {{"who", "me"},
                   {"action", "login"},
                   {"from", "2026-01-31T12:00:00Z"},
                   {"before", "2026-01-31T13:00:00+01:00"},
                   {"limit", "7"},
                   {"cursor", "c"}};
  const auto audit = parse_audit(request);
  ASSERT_TRUE(audit);
  EXPECT_EQ(audit->what.who, "me");
  EXPECT_EQ(audit->what.action, "login");
  EXPECT_EQ(audit->what.when.from, wall_time(1'769'860'800s));
  EXPECT_EQ(audit->what.when.before, audit->what.when.from);
  EXPECT_EQ(audit->what.at.limit, 7U);
  EXPECT_EQ(audit->what.at.cursor, "c");
  EXPECT_EQ(parse_connection_history(request)->what.opened.from, wall_time(1'769'860'800s));
  request.query = {{"from", "yesterday"}};
  EXPECT_TRUE(parse_audit(request).error().is(request_error::bad_value));
  EXPECT_NE(parse_connection_history(request).error().detail.find("from"), std::string::npos);
}

} // namespace
} // namespace roost::connection::api
