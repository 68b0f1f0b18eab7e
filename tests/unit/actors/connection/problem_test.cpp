#include "actors/connection/problem.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace roost::connection {
namespace {

TEST(problem, is_the_document_of_rfc_9457) {
  const auto answer = problem_response(failure(terminal_error::bad_cwd, "\"/none\" is missing"),
                                       "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(answer.status, 422U);
  ASSERT_FALSE(answer.headers.empty());
  EXPECT_EQ(answer.headers[0].second, "application/problem+json");
  const auto document = boost::json::parse(answer.body).as_object();
  EXPECT_EQ(document.at("type"), "/problems/bad-cwd");
  EXPECT_EQ(std::string(document.at("title").as_string()),
            describe(failure(terminal_error::bad_cwd)).title);
  EXPECT_EQ(document.at("status"), 422);
  EXPECT_EQ(document.at("detail"), "\"/none\" is missing");
  EXPECT_EQ(document.at("correlation_id"), "0af7651916cd43dd8448eb211c80319c");
}

TEST(problem, has_no_detail_when_there_is_none) {
  const auto document = boost::json::parse(problem_json(failure(request_error::internal), "x"));
  EXPECT_FALSE(document.as_object().contains("detail"));
}

} // namespace
} // namespace roost::connection
