#include "apps/roost/problem.hpp"

#include <gtest/gtest.h>

#include "apps/roost/json_read.hpp"

namespace roost::cli {
namespace {

TEST(problem, the_table_of_errors_gives_the_exit_status) {
  const auto why = problem_from_http(
      422, R"({"type":"/problems/bad-cwd","title":"The working directory cannot be used",)"
           R"("status":422,"detail":"/nowhere","correlation_id":"c1"})");
  EXPECT_EQ(why.exit, 2);
  EXPECT_EQ(to_line(why), "roost: The working directory cannot be used (/nowhere)");
}

TEST(problem, says_what_to_do_where_something_can_be_done) {
  const auto why = problem_from_http(
      401,
      R"({"type":"/problems/unauthenticated","title":"A valid token is needed","status":401})");
  EXPECT_EQ(why.exit, 1);
  EXPECT_EQ(to_line(why),
            "roost: A valid token is needed: give a valid --token, or set ROOST_TOKEN");
}

TEST(problem, the_servers_own_mistakes_come_with_their_correlation_id) {
  const auto why = problem_from_http(
      500, R"({"type":"/problems/internal","title":"The server made a mistake","status":500,)"
           R"("correlation_id":"abc"})");
  EXPECT_EQ(to_line(why), "roost: The server made a mistake [correlation id abc]");
}

TEST(problem, what_is_no_problem_document_is_told_by_its_status) {
  for (const auto* const body : {"", "<html>", "{}", "[1]"}) {
    const auto why = problem_from_http(502, body);
    EXPECT_EQ(why.exit, 1);
    EXPECT_EQ(why.what, "the server answered 502");
  }
  const auto newer = problem_from_http(418, R"({"type":"/problems/teapot","title":"No coffee"})");
  EXPECT_EQ(newer.exit, 1);
  EXPECT_EQ(newer.what, "No coffee");
}

TEST(problem, a_busy_server_says_when_to_come_back) {
  const std::string full = R"({"type":"/problems/at-capacity","status":503,)"
                           R"("title":"The server is at its connection limit"})";
  EXPECT_EQ(to_line(problem_from_http(503, full, std::chrono::seconds(7))),
            "roost: The server is at its connection limit: try again in 7 s");
  const std::string often = R"({"type":"/problems/rate-limited","status":429,)"
                            R"("title":"Too many requests","detail":"from this address"})";
  EXPECT_EQ(to_line(problem_from_http(429, often, std::chrono::seconds(1))),
            "roost: Too many requests (from this address): try again in 1 s");
  EXPECT_EQ(problem_from_http(503, "<html>", std::chrono::seconds(30)).advice, "try again in 30 s");
  EXPECT_EQ(problem_from_http(503, full).advice, "") << "nobody said when";
  EXPECT_EQ(problem_from_http(500, full, std::chrono::seconds(7)).advice, "") << "it is no limit";
  const std::string ending = R"({"type":"/problems/shutting-down","status":503,)"
                             R"("title":"The server is shutting down"})";
  EXPECT_EQ(problem_from_http(503, ending).advice, "try again in a moment");
  EXPECT_EQ(problem_from_http(503, ending, std::chrono::seconds(9)).advice, "try again in 9 s");
}

TEST(problem, error_frames_are_taken_apart) {
  const auto frame = *read_object(
      R"({"type":"error","code":"no-such-session","message":"There is no session with this id: )"
      R"(abc","correlation_id":"c"})");
  const auto why = problem_from_frame(frame);
  EXPECT_EQ(why.exit, 1);
  EXPECT_EQ(to_line(why), "roost: There is no session with this id (abc): `roost ls` lists the "
                          "sessions");
}

} // namespace
} // namespace roost::cli
