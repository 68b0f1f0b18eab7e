#include "actors/channel/transport/line_framer.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::channel {
namespace {

using step = line_framer::step;

std::vector<std::string> lines_of(line_framer& framer, std::string_view bytes) {
  framer.add(bytes);
  std::vector<std::string> out;
  std::string_view line;
  while (framer.next(line) == step::line)
    out.emplace_back(line);
  return out;
}

TEST(line_framer_test, lines_end_in_a_newline) {
  using lines = std::vector<std::string>;
  line_framer framer(100);
  EXPECT_EQ(lines_of(framer, ""), lines());
  EXPECT_EQ(lines_of(framer, "on"), lines());
  EXPECT_EQ(lines_of(framer, "e\ntwo\n\n\r\n\nthree\r\nfo"), (lines{"one", "two", "three"}));
  EXPECT_EQ(lines_of(framer, "ur"), lines());
  EXPECT_EQ(framer.buffered(), 4U);
  EXPECT_EQ(lines_of(framer, "\n"), (lines{"four"}));
  EXPECT_EQ(framer.buffered(), 0U);
}

TEST(line_framer_test, a_line_that_is_too_long_ends_it_at_once) {
  line_framer framer(5);
  std::string_view line;
  framer.add("12345\n12345");
  EXPECT_EQ(framer.next(line), step::line);
  EXPECT_EQ(line, "12345");
  EXPECT_EQ(framer.next(line), step::more);
  framer.add("6");
  EXPECT_EQ(framer.next(line), step::too_long) << "without a newline in sight";
  EXPECT_EQ(framer.buffered(), 0U);
  framer.add("\nok\n");
  EXPECT_EQ(framer.next(line), step::too_long) << "for good";
  EXPECT_EQ(framer.buffered(), 0U);

  line_framer whole(5);
  whole.add("ok\n123456\nok\n");
  EXPECT_EQ(whole.next(line), step::line);
  EXPECT_EQ(whole.next(line), step::too_long);
}

TEST(line_framer_test, any_cut_gives_the_same_lines) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    std::vector<std::string> expected;
    for (auto count = random.between(0, 20); count > 0; --count) {
      std::string line(random.between(0, 50), static_cast<char>('a' + random.between(0, 25)));
      text += line + (random.between(0, 1) != 0 ? "\n" : "\r\n");
      if (!line.empty())
        expected.push_back(std::move(line));
    }
    line_framer framer(51);
    std::vector<std::string> got;
    for (std::string_view rest = text; !rest.empty();) {
      const auto size = std::min<std::size_t>(rest.size(), random.between(1, 80));
      std::ranges::copy(lines_of(framer, rest.substr(0, size)), std::back_inserter(got));
      EXPECT_LE(framer.buffered(), 51U);
      rest.remove_prefix(size);
    }
    ASSERT_EQ(got, expected);
  }
}

TEST(line_framer_test, bytes_one_by_one_are_linear) {
  // 8 MiB: a scan from the start for each byte would be 3·10^13 steps.
  constexpr std::size_t size = std::size_t{8} << 20U;
  line_framer framer(size);
  const auto start = std::chrono::steady_clock::now();
  std::string_view line;
  for (std::size_t i = 0; i < size; ++i) {
    framer.add("x");
    ASSERT_EQ(framer.next(line), step::more);
  }
  framer.add("\n");
  ASSERT_EQ(framer.next(line), step::line);
  EXPECT_EQ(line.size(), size);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

} // namespace
} // namespace roost::channel
