// Random output: however it is cut, the screen is the same, and its snapshot brings another screen
// to the same state. tests/differential has the same property with xterm.js as the other screen.
#include "actors/terminal/screen/screen.hpp"
#include "tests/support/terminal_output.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>

namespace roost::terminal {
namespace {

using test::random_output;

class random_seed : public testing::TestWithParam<unsigned> {};

TEST_P(random_seed, cuts_change_nothing_and_snapshots_restore) {
  const auto seed = GetParam() != 0 ? GetParam() : std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const auto bytes = random_output(random, 1 + static_cast<int>(random() % 80));
    const screen_config size{2 + static_cast<int>(random() % 25),
                             2 + static_cast<int>(random() % 7), 50};
    screen at_once(size);
    at_once.feed(bytes);
    screen in_parts(size);
    for (std::size_t at = 0; at < bytes.size();) {
      const auto n = 1 + random() % 9;
      in_parts.feed(std::string_view(bytes).substr(at, n));
      at += n;
    }
    ASSERT_EQ(at_once.dump(), in_parts.dump()) << round << testing::PrintToString(bytes);
    screen skipping(size);
    skipping.skip(bytes);
    ASSERT_EQ(skipping.alternate(), at_once.alternate());
    ASSERT_EQ(skipping.bracketed_paste(), at_once.bracketed_paste());
    ASSERT_EQ(skipping.title(), at_once.title());
    screen restored(size);
    const auto snapshot = at_once.snapshot({1000, std::size_t{1} << 24});
    restored.feed(snapshot);
    ASSERT_EQ(restored.screen_ansi(), at_once.screen_ansi())
        << round << testing::PrintToString(bytes);
    // A snapshot of what a snapshot made says the same.
    screen again(size);
    again.feed(restored.snapshot({1000, std::size_t{1} << 24}));
    ASSERT_EQ(again.dump(), restored.dump()) << round << testing::PrintToString(bytes);
  }
}

// Sequences that begin, end and break off at every place of the blocks that skipping looks at.
TEST_P(random_seed, skipping_is_the_same_however_it_is_cut) {
  const auto seed = GetParam() != 0 ? GetParam() : std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string pieces[] = {"\x1b",
                                "\x1b[",
                                "[",
                                "m",
                                "0",
                                ";",
                                "31",
                                "\x1b[m",
                                "\x1b[0;1m",
                                "x",
                                "\xc2",
                                "\x9b",
                                "\xc2\xa0",
                                "\x1b[4:3m",
                                "\x0e",
                                "é",
                                "text and more text"};
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (auto n = random() % 40; n > 0; --n)
      bytes += pieces[random() % (round % 2 == 0 ? std::size(pieces) : 8)];
    screen at_once({20, 3, 10});
    at_once.skip(bytes);
    screen in_parts({20, 3, 10});
    for (std::size_t at = 0; at < bytes.size();) {
      const auto n = 1 + random() % 9;
      in_parts.skip(std::string_view(bytes).substr(at, n));
      at += n;
    }
    ASSERT_EQ(at_once.dump(), in_parts.dump()) << round << testing::PrintToString(bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(screen, random_seed, testing::Values(1u, 2u, 3u, 0u));

} // namespace
} // namespace roost::terminal
