#include "actors/runtime/units.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost {
namespace {

using namespace std::chrono_literals;

TEST(units, read_every_documented_duration) {
  const std::vector<std::pair<std::string_view, std::chrono::milliseconds>> cases = {
      {"250ms", 250ms}, {"5s", 5s}, {"5m", 5min}, {"1h", 1h},
      {"30d", 720h},    {"0", 0ms}, {"0s", 0ms},
  };
  for (const auto& [text, value] : cases)
    EXPECT_EQ(parse_duration(text), value) << text;
}

TEST(units, refuse_what_is_no_duration) {
  for (const auto* text : {"", "5", "s", "5 s", "5S", "-5s", "+5s", "1.5s", "5s ", "5sec", "0x5s",
                           "99999999999999999999s", "9223372036854775807d", "5ms5"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(units, read_sizes_and_refuse_powers_of_1000) {
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("4MiB"), 4U << 20);
  EXPECT_EQ(parse_size("1GiB"), 1U << 30);
  EXPECT_EQ(parse_size("17B"), 17U);
  EXPECT_EQ(parse_size("0"), 0U);
  for (const auto* text : {"4MB", "4M", "4mib", "4", "MiB", "18446744073709551615GiB", "-1B"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(units, whatever_is_written_is_read_back) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int i = 0; i < 10'000; ++i) {
    const auto bits = random.next() >> random.between(1, 63);
    EXPECT_EQ(parse_size(format_size(bits)), bits);
    const std::chrono::milliseconds time(static_cast<std::int64_t>(bits));
    EXPECT_EQ(parse_duration(format_duration(time)), time);
  }
}

TEST(units, the_largest_whole_unit_is_shown) {
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(24h), "1d");
  EXPECT_EQ(format_size(1536), "1536B");
  EXPECT_EQ(format_size(65536), "64KiB");
}

} // namespace
} // namespace roost
