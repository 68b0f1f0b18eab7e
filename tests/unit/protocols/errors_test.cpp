#include "protocols/errors.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace roost {
namespace {

TEST(errors, every_code_has_a_row_of_its_own) {
  std::set<std::string> names;
  const auto look = [&](auto last, auto domain) {
    using code = decltype(last);
    for (int i = 1; i <= static_cast<int>(last); ++i) {
      const failure why{static_cast<code>(i)};
      const auto& row = describe(why);
      EXPECT_EQ(row.code, why.code) << "code " << i << " has no row";
      EXPECT_EQ(row.domain, domain);
      EXPECT_TRUE(names.insert(std::string(row.name)).second) << row.name << " is there twice";
      EXPECT_FALSE(row.title.empty());
    }
  };
  look(terminal_error::run_as_unavailable, error_domain::terminal);
  look(request_error::internal, error_domain::request);
  look(setup_error::internal, error_domain::setup);
  look(supervision_error::stopping, error_domain::supervision);
  look(channel_error::bad_state, error_domain::channel);
}

TEST(errors, rows_are_found_by_name) {
  ASSERT_NE(find_error("no-such-session"), nullptr);
  EXPECT_EQ(find_error("no-such-session")->http_status, 404);
  EXPECT_EQ(find_error("nothing-like-it"), nullptr);
}

TEST(errors, close_codes_are_the_contracts) {
  const auto close_code = [](request_error e) { return describe(failure{e}).close_code; };
  EXPECT_EQ(close_code(request_error::bad_frame), 1008);
  EXPECT_EQ(close_code(request_error::frame_too_large), 1009);
  EXPECT_EQ(close_code(request_error::internal), 1011);
  EXPECT_EQ(close_code(request_error::shutting_down), 1012);
  EXPECT_EQ(close_code(request_error::at_capacity), 1013);
  EXPECT_EQ(close_code(request_error::not_read), 4008);
  EXPECT_EQ(close_code(request_error::unauthenticated), 4401);
  EXPECT_EQ(close_code(request_error::forbidden), 4403);
  EXPECT_EQ(close_code(request_error::superseded), 4409);
  EXPECT_EQ(close_code(request_error::rate_limited), 4429);
}

} // namespace
} // namespace roost
