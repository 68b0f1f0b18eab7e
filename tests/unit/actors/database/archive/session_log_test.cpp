#include "actors/database/archive/session_log.hpp"

#include <gtest/gtest.h>

namespace roost::database {
namespace {

session_info session(const std::string& title = "t") {
  session_info out;
  out.id.value = "ab";
  out.title = title;
  out.command = {"sh", "-c", "echo \"x\""};
  out.owner = "me";
  out.state = session_state::running;
  out.epoch = "e";
  out.created_at = wall_time(std::chrono::seconds(5));
  return out;
}

struct session_log_fixture : testing::Test {
  std::vector<record> on(session_moment what, const session_info& info) {
    return log.on(what, info, wall_time(std::chrono::seconds(9)));
  }
  session_log log{"node"};
};

TEST_F(session_log_fixture, a_beginning_is_a_record_and_an_event) {
  const auto out = on(session_moment::created, session());
  ASSERT_EQ(out.size(), 2U);
  const auto& row = std::get<session_record>(out[0]);
  EXPECT_EQ(row.id, "ab");
  EXPECT_EQ(row.node, "node");
  EXPECT_EQ(row.command, R"(["sh","-c","echo \"x\""])");
  EXPECT_EQ(row.state, "running");
  const auto& event = std::get<session_event>(out[1]);
  EXPECT_EQ(event.what, "created");
  EXPECT_EQ(event.at, wall_time(std::chrono::seconds(9)));
}

TEST_F(session_log_fixture, changes_are_kept_until_they_are_asked_for) {
  on(session_moment::created, session("a"));
  EXPECT_TRUE(on(session_moment::changed, session("b")).empty());
  EXPECT_TRUE(on(session_moment::changed, session("c")).empty());
  EXPECT_TRUE(log.has_changed());
  const auto out = log.take_changed();
  ASSERT_EQ(out.size(), 1U) << "the newest alone";
  EXPECT_EQ(std::get<session_record>(out[0]).title, "c");
  EXPECT_FALSE(log.has_changed());
}

TEST_F(session_log_fixture, output_alone_is_no_news) {
  on(session_moment::created, session());
  auto more = session();
  more.offset = 1000;
  on(session_moment::changed, more);
  EXPECT_TRUE(log.take_changed().empty());
  more.title = "other";
  on(session_moment::changed, more);
  const auto out = log.take_changed();
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(std::get<session_record>(out[0]).offset, 1000U);
}

TEST_F(session_log_fixture, an_end_says_how) {
  on(session_moment::created, session());
  on(session_moment::changed, session("late"));
  auto ended = session("late");
  ended.state = session_state::exited;
  ended.exit_status = 3;
  ended.end_reason = "idle";
  const auto out = on(session_moment::exited, ended);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(std::get<session_record>(out[0]).exit_status, 3);
  EXPECT_EQ(std::get<session_event>(out[1]).detail, R"({"exit_status":3,"end_reason":"idle"})");
  EXPECT_FALSE(log.has_changed()) << "the end has everything";
  ended.state = session_state::lost;
  EXPECT_EQ(std::get<session_event>(on(session_moment::exited, ended).back()).what, "lost");
}

TEST_F(session_log_fixture, what_is_removed_stays_as_it_was) {
  on(session_moment::created, session());
  const auto out = on(session_moment::removed, session());
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(std::get<session_event>(out[0]).what, "removed");
}

} // namespace
} // namespace roost::database
