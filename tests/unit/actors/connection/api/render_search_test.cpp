#include "actors/connection/api/render_search.hpp"

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

const wall_time noon(1'769'860'800s);

search_found found() {
  search_found out;
  database::text_hit hit;
  hit.session = "ab";
  hit.epoch = "e";
  hit.from_offset = 5;
  hit.to_offset = 90;
  hit.at = noon;
  hit.command = "make test";
  hit.exit_status = 1;
  hit.shown = {"an error, and errors", {{3, 5}, {14, 6}}};
  out.hits.rows.push_back(hit);
  hit.session = "gone";
  hit.command = "";
  hit.exit_status.reset();
  hit.shown = {"error", {{0, 5}}};
  out.hits.rows.push_back(hit);
  out.hits.next = "c";
  database::session_record session;
  session.id = "ab";
  session.title = "build";
  session.node = "n";
  out.sessions.emplace("ab", session);
  return out;
}

TEST(render_search, is_what_the_contract_says) {
  EXPECT_EQ(search_json(found()),
            R"({"hits":[{"session":"ab","title":"build","node":"n","epoch":"e","from_offset":5,)"
            R"("to_offset":90,"at":"2026-01-31T12:00:00.000Z","command":"make test",)"
            R"("exit_status":1,"parts":[{"text":"an ","match":false},{"text":"error",)"
            R"("match":true},{"text":", and ","match":false},{"text":"errors","match":true}]},)"
            R"({"session":"gone","title":"","node":"","epoch":"e","from_offset":5,)"
            R"("to_offset":90,"at":"2026-01-31T12:00:00.000Z","command":"","exit_status":null,)"
            R"("parts":[{"text":"error","match":true}]}],"next":"c"})");
  EXPECT_EQ(search_json({}), R"({"hits":[],"next":null})");
}

TEST(render_search, is_what_the_schema_says) {
  const auto schemas = json::parse(openapi_schemas());
  const auto& schema = schemas.at("SearchHit").as_object();
  const auto answer = json::parse(search_json(found()));
  const auto& hit = answer.at("hits").at(0).as_object();
  for (const auto& [key, value] : hit)
    EXPECT_TRUE(schema.at("properties").as_object().contains(key)) << "the schema lacks " << key;
  for (const auto& key : schema.at("required").as_array())
    EXPECT_TRUE(hit.contains(key.as_string())) << "the answer lacks " << key;
}

http_request asking(std::vector<std::pair<std::string, std::string>> query) {
  http_request out;
  out.query = std::move(query);
  return out;
}

TEST(render_search, a_question_says_what_it_wants) {
  const auto plain = parse_search(asking({{"q", "error"}}));
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->what.words, "error");
  EXPECT_EQ(plain->what.at.limit, 20U);
  EXPECT_EQ(plain->scope, store_scope::node);
  EXPECT_FALSE(plain->what.session || plain->what.when.from || plain->what.when.before ||
               plain->what.command || plain->what.exit_status);
  const auto full = parse_search(asking({{"q", "\"no such\" file*"},
                                         {"session", "ab"},
                                         {"from", "2026-01-31T12:00:00Z"},
                                         {"before", "2026-01-31T12:00:01Z"},
                                         {"command", "make"},
                                         {"exit_status", "-1"},
                                         {"scope", "all"},
                                         {"limit", "200"},
                                         {"cursor", "c"}}));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->what.session, "ab");
  EXPECT_EQ(full->what.when.from, noon);
  EXPECT_EQ(full->what.when.before, noon + 1s);
  EXPECT_EQ(full->what.command, "make");
  EXPECT_EQ(full->what.exit_status, -1);
  EXPECT_EQ(full->what.at.limit, 200U);
  EXPECT_EQ(full->what.at.cursor, "c");
  EXPECT_EQ(full->scope, store_scope::all);
}

TEST(render_search, a_wrong_question_is_told_what_is_wrong) {
  const auto why = [](std::vector<std::pair<std::string, std::string>> query) {
    const auto got = parse_search(asking(std::move(query)));
    return got ? std::string("nothing")
               : std::string(describe(got.error()).name) + ": " + got.error().detail;
  };
  EXPECT_EQ(why({}), "bad-value: the query parameter q: is missing; it says what is searched for");
  EXPECT_EQ(why({{"q", "..."}}), "bad-value: a search needs a word: letters or digits");
  EXPECT_EQ(why({{"q", "x"}, {"from", "yesterday"}}),
            "bad-value: the query parameter from: expected a time like 2026-01-31T12:00:00Z, got "
            "\"yesterday\"");
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"before", "1"},
                                                        {"exit_status", "1.5"},
                                                        {"exit_status", ""},
                                                        {"scope", "node,all"},
                                                        {"limit", "0"},
                                                        {"limit", "201"},
                                                        {"exit_status", "99999999999"}})
    EXPECT_THAT(why({{"q", "x"}, {name, value}}), HasSubstr("parameter " + name + ": expected"));
}

TEST(render_search, who_may_see_one_session_searches_that) {
  auto request = asking({{"q", "x"}});
  request.who.only = session_id{"ab"};
  EXPECT_EQ(parse_search(request)->what.session, "ab");
  request.query.emplace_back("session", "ab");
  EXPECT_EQ(parse_search(request)->what.session, "ab");
  request.query.back().second = "cd";
  EXPECT_TRUE(parse_search(request).error().is(request_error::forbidden));
}

} // namespace
} // namespace roost::connection::api
