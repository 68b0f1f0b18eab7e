#include "actors/connection/api/store_query.hpp"

#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

http_request asking(std::vector<std::pair<std::string, std::string>> query) {
  http_request out;
  out.query = std::move(query);
  return out;
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
