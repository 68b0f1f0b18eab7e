#include "apps/roost/session_ref.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::array sessions = {
    session_brief{"ab12", "build", "running"}, session_brief{"ab34", "tests", "running"},
    session_brief{"cd56", "old", "exited"},    session_brief{"cd78", "old", "exited"},
    session_brief{"ef90", "web", "exited"},    session_brief{"ef91", "web", "running"},
    session_brief{"ab", "short", "running"},   session_brief{"gh11", "cd", "running"},
};

TEST(session_ref, an_id_wins_over_everything) {
  EXPECT_EQ(*choose_session(sessions, "ab12"), "ab12");
  EXPECT_EQ(*choose_session(sessions, "ab"), "ab");
}

TEST(session_ref, a_title_wins_over_the_start_of_an_id) {
  EXPECT_EQ(*choose_session(sessions, "build"), "ab12");
  EXPECT_EQ(*choose_session(sessions, "cd"), "gh11");
}

TEST(session_ref, the_only_living_one_of_a_title_is_meant) {
  EXPECT_EQ(*choose_session(sessions, "web"), "ef91");
}

TEST(session_ref, the_start_of_an_id_is_enough_if_it_is_the_only_one) {
  EXPECT_EQ(*choose_session(sessions, "ab3"), "ab34");
  EXPECT_EQ(*choose_session(sessions, "g"), "gh11");
}

TEST(session_ref, lists_the_candidates_when_several_fit) {
  const auto by_title = choose_session(sessions, "old");
  ASSERT_FALSE(by_title);
  EXPECT_EQ(by_title.error().exit, exit_status::usage);
  EXPECT_THAT(to_line(by_title.error()), AllOf(HasSubstr("cd56"), HasSubstr("cd78")));
  const auto by_start = choose_session(sessions, "e");
  ASSERT_FALSE(by_start);
  EXPECT_EQ(by_start.error().exit, exit_status::usage);
  EXPECT_THAT(to_line(by_start.error()), AllOf(HasSubstr("ef90"), HasSubstr("ef91")));
}

TEST(session_ref, nothing_fits) {
  const auto none = choose_session(sessions, "nope");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().exit, exit_status::no);
  EXPECT_EQ(choose_session(sessions, "").error().exit, exit_status::usage);
  EXPECT_EQ(choose_session({}, "x").error().exit, exit_status::no);
}

} // namespace
} // namespace roost::cli
