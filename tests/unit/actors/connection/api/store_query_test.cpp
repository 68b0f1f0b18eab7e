#include "actors/connection/api/store_query.hpp"

#include "actors/connection/api/render.hpp"

#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

http_request asking(std::vector<std::pair<std::string, std::string>> query) {
  http_request out;
  out.query = std::move(query);
  return out;
}

TEST(store_query, a_time_is_read_as_it_is_written) {
  for (const auto& [text, wanted] : std::vector<std::pair<const char*, const char*>>{
           {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"},
           {"2026-01-31t12:00:00.5z", "2026-01-31T12:00:00.500Z"},
           {"2026-01-31 12:00:00.123456789Z", "2026-01-31T12:00:00.123Z"},
           {"2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00.000Z"},
           {"2026-01-31T12:00:00 02:00", "2026-01-31T10:00:00.000Z"},
           {"2026-01-31T12:00:00-05:30", "2026-01-31T17:30:00.000Z"},
           {"2024-02-29T23:59:60Z", "2024-03-01T00:00:00.000Z"},
           {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000Z"}}) {
    const auto got = parse_rfc3339(text);
    ASSERT_TRUE(got) << text;
    EXPECT_EQ(rfc3339(*got), wanted) << text;
  }
}

TEST(store_query, what_is_no_time_is_refused) {
  for (const auto* text :
       {"", "2026", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.1234567890Z",
        "2026-01-31T12:00:00Zx", "2026-01-31T12:00:00+2:00", "+026-01-31T12:00:00Z",
        "0000-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2026-01-31T12:00:00+24:00"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(store_query, a_range_is_open_where_nothing_is_said) {
  const auto open = parse_time_range(asking({}));
  ASSERT_TRUE(open);
  EXPECT_FALSE(open->from || open->before);
  const auto both = parse_time_range(
      asking({{"from", "2026-01-31T12:00:00Z"}, {"before", "2026-02-01T00:00:00Z"}}));
  ASSERT_TRUE(both);
  EXPECT_LT(both->from, both->before);
  const auto bad = parse_time_range(asking({{"before", "yesterday"}}));
  ASSERT_FALSE(bad);
  EXPECT_TRUE(bad.error().is(request_error::bad_value));
  EXPECT_NE(bad.error().detail.find("before"), std::string::npos);
}

TEST(store_query, a_scope_is_node_or_all) {
  EXPECT_EQ(parse_scope(asking({})).value(), store_scope::node);
  EXPECT_EQ(parse_scope(asking({{"scope", "node"}})).value(), store_scope::node);
  EXPECT_EQ(parse_scope(asking({{"scope", "all"}})).value(), store_scope::all);
  EXPECT_FALSE(parse_scope(asking({{"scope", "world"}})));
}

} // namespace
} // namespace roost::connection::api
