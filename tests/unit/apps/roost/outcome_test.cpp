#include "apps/roost/outcome.hpp"

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

TEST(outcome, a_failure_is_one_line_of_what_where_and_advice) {
  EXPECT_EQ(to_line({1, "it failed", "", "", ""}), "roost: it failed");
  EXPECT_EQ(to_line({1, "it failed", "/tmp/x", "try Ctrl-\\ d", "abc"}),
            "roost: it failed (/tmp/x): try Ctrl-\\ d [correlation id abc]");
}

TEST(outcome, a_servers_text_cannot_drive_the_terminal) {
  const auto line = to_line({1, "a\x1b[2Jb\nc", "\xc2\x9b", "", ""});
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find("\xc2\x9b"), std::string::npos);
}

} // namespace
} // namespace roost::cli
