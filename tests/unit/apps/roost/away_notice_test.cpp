#include "apps/roost/away_notice.hpp"

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr away_notice::time_point start{std::chrono::hours(1)};
constexpr std::string_view keys = "Ctrl-\\ d";

TEST(away_notice, a_short_break_is_not_worth_a_word) {
  away_notice away;
  EXPECT_FALSE(away.is_away());
  away.lost("connection lost", start + milliseconds(400), start);
  EXPECT_TRUE(away.is_away());
  EXPECT_FALSE(away.awaits_key());
  EXPECT_EQ(away.due_at(), start + seconds(1));
  away.back();
  EXPECT_FALSE(away.is_away());
}

TEST(away_notice, attempts_that_fail_do_not_begin_the_break_anew) {
  away_notice away;
  away.lost("the server restarts", start + milliseconds(400), start);
  away.lost("connection lost", start + seconds(3), start + milliseconds(400));
  EXPECT_EQ(away.due_at(), start + seconds(1));
  EXPECT_EQ(away.text(keys, start + seconds(1)),
            "roost: connection lost, retrying in 2 s – Ctrl-\\ d to quit");
  EXPECT_EQ(away.text(keys, start + milliseconds(2001)),
            "roost: connection lost, retrying in 1 s – Ctrl-\\ d to quit");
  EXPECT_EQ(away.text(keys, start + seconds(3)),
            "roost: connection lost, retrying – Ctrl-\\ d to quit");
  away.back();
  away.lost("connection lost", start + seconds(9), start + seconds(9));
  EXPECT_EQ(away.due_at(), start + seconds(10));
}

TEST(away_notice, nobody_there_is_told_at_once_and_waits_for_a_key) {
  away_notice away;
  away.idle(start, start + minutes(5) + seconds(59));
  EXPECT_TRUE(away.is_away());
  EXPECT_TRUE(away.awaits_key());
  EXPECT_EQ(away.due_at(), start + minutes(5) + seconds(59));
  EXPECT_EQ(away.text(keys, away.due_at()), "roost: disconnected after 5 min without input; "
                                            "press any key to come back – Ctrl-C to quit");
  away.lost("the connection was idle", start + minutes(9), start + minutes(9));
  EXPECT_FALSE(away.awaits_key());
  EXPECT_EQ(away.due_at(), start + minutes(9) + seconds(1));
  away.idle(start, start + milliseconds(59'999));
  EXPECT_EQ(away.text(keys, away.due_at()), "roost: disconnected after 59 s without input; "
                                            "press any key to come back – Ctrl-C to quit");
}

} // namespace
} // namespace roost::cli
