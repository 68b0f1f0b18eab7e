#include "actors/connection/api/acts.hpp"

#include <gtest/gtest.h>

#include <set>

namespace roost::connection::api {
namespace {

TEST(acts, whatever_changes_something_is_written_down) {
  // Typing and sizes are in the recording; a wait and the events change nothing; what a call of a
  // helper changes is not here.
  const std::set<handler_id> not_written = {handler_id::send_input, handler_id::resize_session,
                                            handler_id::wait_session, handler_id::call_channel};
  for (const auto& row : routes()) {
    const bool is_written = act_of(row.handler).written != act::when::never;
    if (row.method != "GET") {
      EXPECT_EQ(is_written, not_written.count(row.handler) == 0) << row.pattern;
    }
    EXPECT_EQ(is_written, !act_of(row.handler).name.empty()) << row.pattern;
  }
}

TEST(acts, rights_are_given_and_taken_away_only_when_that_is_written_down) {
  for (const auto& row : routes())
    if (row.needs == access::admin && row.method != "GET") {
      EXPECT_EQ(act_of(row.handler).written, act::when::first) << row.pattern;
    }
}

} // namespace
} // namespace roost::connection::api
