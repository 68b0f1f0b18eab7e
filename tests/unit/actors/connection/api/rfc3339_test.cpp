#include "actors/connection/api/rfc3339.hpp"

#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

using namespace std::chrono_literals;

const wall_time noon(1'769'860'800s);

TEST(rfc3339, is_in_utc_with_milliseconds) {
  EXPECT_EQ(rfc3339(noon + 250ms), "2026-01-31T12:00:00.250Z");
  EXPECT_EQ(rfc3339(wall_time{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(wall_time(951'782'399s)), "2000-02-28T23:59:59.000Z");
  EXPECT_EQ(rfc3339(wall_time(951'782'400s)), "2000-02-29T00:00:00.000Z");
}

TEST(rfc3339, is_read_as_people_write_it) {
  EXPECT_EQ(parse_rfc3339("2026-01-31T12:00:00Z"), noon);
  EXPECT_EQ(parse_rfc3339("2026-01-31t12:00:00z"), noon);
  EXPECT_EQ(parse_rfc3339("2026-01-31 12:00:00.25Z"), noon + 250ms);
  EXPECT_EQ(parse_rfc3339("2026-01-31T12:00:00.123456789Z"), noon + 123'456'789ns);
  EXPECT_EQ(parse_rfc3339("2026-01-31T12:00:00.1234567891Z"), noon + 123'456'789ns);
  EXPECT_EQ(parse_rfc3339("2026-01-31T14:30:00+02:30"), noon);
  EXPECT_EQ(parse_rfc3339("2026-01-31T14:30:00 02:30"), noon) << "a + in a URL";
  EXPECT_EQ(parse_rfc3339("2026-01-31T07:00:00-05:00"), noon);
  EXPECT_EQ(parse_rfc3339("2026-01-31T11:59:60Z"), noon);
  for (const auto at : {wall_time{}, noon, noon + 7ms, wall_time(951'782'400s)})
    EXPECT_EQ(parse_rfc3339(rfc3339(at)), at);
}

TEST(rfc3339, anything_else_is_no_time) {
  for (const auto* bad :
       {"", "now", "2026-01-31", "2026-01-31T12:00Z", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00Z ", "2026-01-31T12:00:00+2:00",
        "1769-01-31T12:00:00Z", "9999-01-31T12:00:00Z", "20260131T120000Z", "-026-01-31T12:00:00Z",
        "2026-01-31T12:00:00\xc2\xb2"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

} // namespace
} // namespace roost::connection::api
