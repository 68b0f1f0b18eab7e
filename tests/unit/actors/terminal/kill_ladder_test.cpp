#include "actors/terminal/kill_ladder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

namespace roost::terminal {
namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

TEST(kill_ladder, reads_signals_and_pauses) {
  const auto ladder = kill_ladder::parse(words{"SIGHUP", "250ms", "int", "TERM", "1m", "KILL"});
  ASSERT_TRUE(ladder);
  const std::vector<kill_rung> expected = {
      {SIGHUP, 250ms}, {SIGINT, 0ms}, {SIGTERM, 1min}, {SIGKILL, 0ms}};
  EXPECT_EQ(ladder->rungs(), expected);
}

TEST(kill_ladder, the_default_is_the_documented_one) {
  const auto parsed = kill_ladder::parse(words{"HUP", "2s", "TERM", "3s", "KILL"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->rungs(), kill_ladder().rungs());
}

TEST(kill_ladder, refuses_what_would_not_end_a_program) {
  struct bad_case {
    words items;
    std::string_view why;
  };
  const bad_case cases[] = {
      {{}, "0 items"},
      {{"2s", "KILL"}, "kill_ladder[0]"},
      {{"HUP", "2s"}, "must be KILL"},
      {{"HUP", "2s", "TERM"}, "must be KILL"},
      {{"HUP", "KILL", "2s"}, "must be KILL"},
      {{"HUP", "2s", "3s", "KILL"}, "kill_ladder[2]"},
      {{"HUPP", "KILL"}, "neither a signal"},
      {{"STOP", "KILL"}, "does not end"},
      {{"HUP", "11m", "KILL"}, "longer than 10m"},
      {{"HUP", "-2s", "KILL"}, "neither"},
      {words(17, "KILL"), "17 items"},
  };
  for (const auto& c : cases) {
    const auto out = kill_ladder::parse(c.items);
    ASSERT_FALSE(out) << c.why;
    EXPECT_TRUE(out.error().is(setup_error::bad_configuration));
    EXPECT_NE(out.error().detail.find(c.why), std::string::npos) << out.error().detail;
  }
}

TEST(kill_ladder, names_signals_both_ways) {
  EXPECT_EQ(signal_number("sigterm"), SIGTERM);
  EXPECT_EQ(signal_number("KILL"), SIGKILL);
  EXPECT_EQ(signal_number(""), 0);
  EXPECT_EQ(signal_number("SIG"), 0);
  EXPECT_EQ(signal_name(SIGSEGV), "SIGSEGV");
  EXPECT_EQ(signal_name(40), "SIG40");
  for (int number = 1; number < 32; ++number)
    EXPECT_EQ(signal_number(signal_name(number)), number);
}

} // namespace
} // namespace roost::terminal
