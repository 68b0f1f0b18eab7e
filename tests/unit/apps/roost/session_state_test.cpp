#include "apps/roost/session_state.hpp"

#include <gtest/gtest.h>

#include "apps/roost/json_read.hpp"

namespace roost::cli {
namespace {

using std::chrono::milliseconds;

std::string shown(const char* text, milliseconds after = {}) {
  return state_cell(*read_object(text), *utc_second("2026-01-31T12:00:00Z") + after).text;
}

TEST(session_state, a_time_is_read_to_the_second) {
  EXPECT_EQ(utc_second("1970-01-01T00:01:05.250Z"),
            std::chrono::system_clock::time_point(std::chrono::seconds(65)));
  for (const auto* const text : {"", "soon", "2026-01-31"})
    EXPECT_FALSE(utc_second(text)) << text;
}

TEST(session_state, a_server_without_restarts_is_shown_as_before) {
  EXPECT_EQ(shown(R"({"state":"running"})"), "running");
  EXPECT_EQ(shown(R"({"state":"starting","restart":null})"), "starting");
  EXPECT_EQ(shown(R"({"state":"exited","exit_status":2})"), "exit 2");
  EXPECT_EQ(shown(R"({"state":"exited","signal":9})"), "signal KILL");
  EXPECT_EQ(shown(R"({"state":"exited"})"), "exited");
  EXPECT_EQ(shown(R"({"state":"lost","restart":{"count":3}})"), "lost");
}

TEST(session_state, the_limit_that_ends_it_is_named) {
  EXPECT_EQ(shown(R"({"state":"exited","signal":1,"end_reason":"idle"})"), "signal HUP (idle)");
  EXPECT_EQ(shown(R"({"state":"exiting","end_reason":"lifetime"})"), "exiting (lifetime)");
  EXPECT_EQ(shown(R"({"state":"exiting","end_reason":null})"), "exiting");
}

TEST(session_state, restarts_are_counted) {
  EXPECT_EQ(shown(R"({"state":"running","restart":{"count":0}})"), "running");
  EXPECT_EQ(shown(R"({"state":"running","restart":{"count":1}})"), "running (1 restart)");
  EXPECT_EQ(shown(R"({"state":"running","restart":{"count":2}})"), "running (2 restarts)");
}

TEST(session_state, the_wait_for_the_next_program_is_counted_down) {
  constexpr auto* const waits =
      R"({"state":"starting","restart":{"next_at":"2026-01-31T12:00:03.500Z"}})";
  EXPECT_EQ(shown(waits), "starts in 3 s");
  EXPECT_EQ(shown(waits, milliseconds(2'000)), "starts in 1 s");
  EXPECT_EQ(shown(waits, milliseconds(3'500)), "starts now");
  EXPECT_EQ(shown(waits, milliseconds(60'000)), "starts now");
  EXPECT_EQ(shown(R"({"state":"starting","restart":{"next_at":null}})"), "starting");
}

TEST(session_state, what_was_given_up_is_no_success) {
  const auto cell = [](const char* text) { return state_cell(*read_object(text), {}); };
  const auto gave_up = cell(R"({"state":"exited","exit_status":1,"restart":{"given_up":true}})");
  EXPECT_EQ(gave_up.text, "exit 1, given up");
  const auto good = cell(R"({"state":"exited","exit_status":0,"restart":{"given_up":true}})");
  EXPECT_EQ(good.text, "exit 0, given up");
  EXPECT_EQ(good.style, gave_up.style);
  EXPECT_NE(cell(R"({"state":"exited","exit_status":0})").style, gave_up.style);
}

} // namespace
} // namespace roost::cli
