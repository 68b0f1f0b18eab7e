#include "actors/connection/audit_trail.hpp"

#include "actors/connection/problem.hpp"
#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

class audit_trail_test : public testing::Test {
protected:
  audit_trail_test() {
    request.who.label = "laptop";
    request.who.token_id = "0011";
    request.address = "192.0.2.1";
    request.correlation = "c0ffee";
  }

  test::manual_clock clock;
  std::vector<database::audit_record> seen;
  audit_trail subject{clock,
                      [this](database::audit_record what) { seen.push_back(std::move(what)); }};
  http_request request;
};

TEST(act_outcome, is_what_the_answer_says) {
  http_response answer;
  answer.status = 201;
  answer.body = R"({"id":"ab","token":"secret"})";
  auto how = outcome_of(answer);
  EXPECT_EQ(how.outcome, "done");
  EXPECT_EQ(how.target, "ab");
  EXPECT_EQ(outcome_of(http_response{204, {}, {}}).outcome, "done");
  how = outcome_of(problem_response(request_error::forbidden, "c"));
  EXPECT_EQ(how.outcome, "refused");
  EXPECT_EQ(how.problem, "forbidden");
  EXPECT_EQ(outcome_of(problem_response(request_error::rate_limited, "c")).outcome, "refused");
  EXPECT_EQ(outcome_of(problem_response(request_error::bad_value, "c")).outcome, "rejected");
  how = outcome_of(problem_response(request_error::store_unavailable, "c"));
  EXPECT_EQ(how.outcome, "failed");
  EXPECT_EQ(how.problem, "store-unavailable");
}

TEST_F(audit_trail_test, says_who_did_what_and_from_where) {
  subject.note(request, "token.revoke", {"done", {}, "77"});
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].at, clock.now_wall());
  EXPECT_EQ(seen[0].who, "laptop");
  EXPECT_EQ(seen[0].action, "token.revoke");
  EXPECT_EQ(seen[0].target, "77");
  EXPECT_EQ(seen[0].outcome, "done");
  EXPECT_EQ(seen[0].correlation, "c0ffee");
  EXPECT_EQ(seen[0].detail, R"({"address":"192.0.2.1","token":"0011"})");
}

TEST_F(audit_trail_test, of_refusals_only_so_many_a_minute_are_written) {
  for (int i = 0; i < 100; ++i) {
    subject.note(request, "token.create", {"refused", "forbidden", {}});
    subject.note(request, "session.end", {"done", {}, {}});
  }
  EXPECT_EQ(seen.size(), 100U + audit_trail::refusals_per_minute);
  EXPECT_EQ(subject.passed_over(), 40U);
  clock.advance(1min);
  subject.note(request, "token.create", {"refused", "forbidden", {}});
  EXPECT_EQ(seen.size(), 101U + audit_trail::refusals_per_minute);
}

} // namespace
} // namespace roost::connection
