#include "actors/connection/api/rfc3339.hpp"

#include "actors/connection/api/render.hpp"

#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

using namespace std::chrono;

std::int64_t micros(std::string_view text) {
  const auto at = parse_rfc3339(text);
  return at ? duration_cast<microseconds>(at->time_since_epoch()).count() : -1;
}

TEST(rfc3339, reads_what_the_standard_shows) {
  EXPECT_EQ(micros("1985-04-12T23:20:50.52Z"), 482'196'050'520'000);
  EXPECT_EQ(micros("1996-12-19T16:39:57-08:00"), micros("1996-12-20T00:39:57Z"));
  EXPECT_EQ(micros("1990-12-31T23:59:60Z"), micros("1991-01-01T00:00:00Z"));
  EXPECT_EQ(micros("2026-11-23 05:12:35z"), micros("2026-11-23T05:12:35Z"));
  EXPECT_EQ(micros("2024-02-29T00:00:00.1234567+00:30"), micros("2024-02-28T23:30:00.123456Z"));
}

TEST(rfc3339, reads_what_the_server_writes) {
  const wall_time at{microseconds(1'763'876'543'210'000)};
  EXPECT_EQ(parse_rfc3339(rfc3339(at)), at);
}

TEST(rfc3339, refuses_everything_else) {
  for (const auto* text :
       {"", "now", "2026-11-23", "2026-11-23T05:12Z", "2026-11-23T05:12:35", "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T05:12:35.Z",
        "2026-11-23T05:12:35Z ", "2026-11-23T05:12:35+1:00", "-026-11-23T05:12:35Z",
        "2026-11-23T05:12:35+01:00Z", "2026-1-23T05:12:35Z", "1969-12-31T23:59:59Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

} // namespace
} // namespace roost::connection::api
