#include "actors/connection/api/routes.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace roost::connection::api {
namespace {

principal someone(role may, std::optional<session_id> only = std::nullopt) {
  principal who;
  who.may = may;
  who.only = std::move(only);
  return who;
}

const route& row_of(handler_id handler) {
  for (const auto& row : routes())
    if (row.handler == handler)
      return row;
  throw std::logic_error("every handler has a row");
}

TEST(routes, every_row_is_found_by_its_own_path) {
  for (const auto& row : routes()) {
    std::string path(row.pattern);
    if (const auto at = path.find("{id}"); at != std::string::npos)
      path.replace(at, 4, "ab12");
    const auto found = find_route(row.method, path);
    ASSERT_EQ(found.row, &row) << row.method << " " << row.pattern;
    EXPECT_EQ(found.id, path == row.pattern ? "" : "ab12");
    EXPECT_NE(allowed_methods(path).find(row.method), std::string::npos);
  }
}

TEST(routes, rows_are_unique_and_complete) {
  std::set<std::string> seen;
  for (const auto& row : routes()) {
    EXPECT_TRUE(seen.insert(std::string(row.method) + " " + std::string(row.pattern)).second);
    EXPECT_FALSE(row.summary.empty());
    EXPECT_EQ(row.max_body > 0, !row.request.empty()) << row.pattern;
    EXPECT_TRUE(row.status == 204 || !row.response.empty() || !row.other_response.empty())
        << row.pattern;
    if (row.scope == scope_rule::own) {
      EXPECT_NE(row.pattern.find("/sessions/{id}"), std::string_view::npos);
    }
    // Whatever changes something needs more than a viewer, except a wait, which only reads.
    if (row.method != "GET" && row.handler != handler_id::wait_session) {
      EXPECT_TRUE(row.needs == access::operate || row.needs == access::admin) << row.pattern;
    }
  }
}

TEST(routes, unknown_paths_and_methods_are_told_apart) {
  for (const auto* path :
       {"/", "", "/api/v1", "/api/v1/", "/api/v1/session", "/api/v1/sessions/",
        "/api/v1/sessions//screen", "/api/v1/sessions/ab/screens", "/api/v1/sessions/ab/screen/",
        "/api/v1/sessions/ab/cd/screen", "/api/v2/sessions", "/API/V1/SESSIONS", "/healthz/",
        "/api/v1/searches", "/api/v1/channel"}) {
    const auto found = find_route("GET", path);
    EXPECT_EQ(found.row, nullptr) << path;
    EXPECT_FALSE(found.path_is_known) << path;
    EXPECT_EQ(allowed_methods(path), "") << path;
  }
  const auto put = find_route("PUT", "/api/v1/sessions");
  EXPECT_EQ(put.row, nullptr);
  EXPECT_TRUE(put.path_is_known);
  EXPECT_EQ(allowed_methods("/api/v1/sessions"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(allowed_methods("/api/v1/sessions/ab"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(allowed_methods("/api/v1/sessions/ab/input"), "POST, OPTIONS");
}

TEST(routes, head_leads_where_get_does_but_for_streams) {
  EXPECT_EQ(find_route("HEAD", "/healthz").row->handler, handler_id::get_health);
  EXPECT_EQ(find_route("HEAD", "/api/v1/events").row, nullptr);
  EXPECT_EQ(find_route("get", "/healthz").row, nullptr) << "methods are upper case";
}

TEST(routes, roles_are_a_ladder) {
  for (const auto& row : routes()) {
    const auto allows = [&](role may) {
      return authorize(row, someone(may), "ab", true).has_value();
    };
    EXPECT_TRUE(allows(role::admin)) << row.pattern;
    EXPECT_EQ(allows(role::operate), row.needs != access::admin && row.needs != access::local);
    EXPECT_EQ(allows(role::viewer), row.needs == access::viewer || row.needs == access::open);
  }
}

TEST(routes, a_token_for_one_session_reaches_that_one_only) {
  const auto scoped = someone(role::admin, session_id{"ab"});
  for (const auto& row : routes()) {
    const auto own = authorize(row, scoped, "ab", true);
    const auto other = authorize(row, scoped, "cd", true);
    switch (row.scope) {
    case scope_rule::own:
      EXPECT_TRUE(own.has_value());
      ASSERT_FALSE(other.has_value());
      EXPECT_TRUE(other.error().is(request_error::forbidden));
      break;
    case scope_rule::refused:
      EXPECT_FALSE(own.has_value()) << row.pattern;
      break;
    case scope_rule::filtered:
      EXPECT_TRUE(own.has_value()) << row.pattern;
      break;
    }
  }
  EXPECT_EQ(row_of(handler_id::create_session).scope, scope_rule::refused);
  EXPECT_EQ(row_of(handler_id::create_token).scope, scope_rule::refused);
}

TEST(routes, the_login_url_stays_on_the_unix_socket) {
  const auto& row = row_of(handler_id::get_login_url);
  EXPECT_TRUE(authorize(row, someone(role::admin), "", true).has_value());
  const auto remote = authorize(row, someone(role::admin), "", false);
  ASSERT_FALSE(remote.has_value());
  EXPECT_TRUE(remote.error().is(request_error::forbidden));
}

// The reference page holds the table between two markers; `routes_markdown` is what belongs there.
TEST(routes, the_reference_page_has_this_table) {
  std::ifstream page(ROOST_SOURCE_DIR "/docs/reference/http.md");
  std::stringstream text;
  text << page.rdbuf();
  EXPECT_NE(text.str().find(routes_markdown()), std::string::npos)
      << "put this table into docs/reference/http.md:\n"
      << routes_markdown();
}

} // namespace
} // namespace roost::connection::api
