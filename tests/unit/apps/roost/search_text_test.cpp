#include "apps/roost/search_text.hpp"

#include <cstdlib>
#include <ctime>
#include <vector>

#include <gtest/gtest.h>

#include "apps/roost/json_read.hpp"
#include "apps/roost/session_state.hpp"

namespace roost::cli {
namespace {

TEST(search_text, what_was_quoted_for_the_shell_is_a_phrase) {
  const auto query = [](std::vector<std::string> words) { return query_of(words); };
  EXPECT_EQ(query({"no", "such", "file*"}), "no such file*");
  EXPECT_EQ(query({"no such file", "error"}), "\"no such file\" error");
  EXPECT_EQ(query({"no such fi*"}), "\"no such fi\"*");
  EXPECT_EQ(query({"\"no such\" file"}), "\"no such\" file");
}

TEST(search_text, a_time_is_how_long_ago_or_when) {
  const auto now = *utc_second("2026-01-31T12:00:00Z");
  const auto since = [&](std::string_view text) {
    const auto got = read_since(text, now);
    return got ? *got : std::to_string(got.error().exit);
  };
  EXPECT_EQ(since("90s"), "2026-01-31T11:58:30Z");
  EXPECT_EQ(since("30m"), "2026-01-31T11:30:00Z");
  EXPECT_EQ(since("2h"), "2026-01-31T10:00:00Z");
  EXPECT_EQ(since("31d"), "2025-12-31T12:00:00Z");
  EXPECT_EQ(since("2026-01-30"), "2026-01-30T00:00:00Z");
  EXPECT_EQ(since("2026-01-30T10:00:00+01:00"), "2026-01-30T10:00:00+01:00");
  for (const auto* const bad : {"", "soon", "2", "h", "-1h", "2 h", "1w", "2026-13-01", "9999999h"})
    EXPECT_EQ(since(bad), "2") << bad;
}

class search_text_zone : public testing::Test {
protected:
  search_text_zone() {
    ::setenv("TZ", "UTC-1", 1); // an hour before it is noon in London, it is noon here
    ::tzset();
  }
  ~search_text_zone() override {
    ::unsetenv("TZ");
    ::tzset();
  }
};

constexpr auto answer = R"({"hits":[
  {"session":"ab","title":"build","at":"2026-01-31T12:00:00.250Z","command":"make test",
   "exit_status":2,"parts":[{"text":"\n  a\nan ","match":false},{"text":"error\nhere","match":true},
   {"text":", and \u001b[2J more\n\nend\n\n","match":false}]},
  {"session":"cd","title":"","at":"2026-01-31T12:00:00.250Z","command":"","exit_status":null,
   "parts":[{"text":"error","match":true}]}],"next":null})";

TEST_F(search_text_zone, hits_are_a_line_and_what_surrounds_the_match) {
  EXPECT_EQ(render_hits(*read_object(answer), colour::off),
            "ab  build  2026-01-31 13:00:00  exit 2  make test\n"
            "      a\n"
            "    an error\n"
            "    here, and \\x1b[2J more\n"
            "\n"
            "    end\n"
            "\n"
            "cd  2026-01-31 13:00:00\n"
            "    error\n");
  EXPECT_EQ(render_hits(*read_object(R"({"hits":[],"next":null})"), colour::on), "");
  EXPECT_EQ(render_hits({}, colour::on), "");
}

TEST_F(search_text_zone, matches_are_bold) {
  const auto shown = render_hits(*read_object(answer), colour::on);
  EXPECT_NE(shown.find("    an \x1b[1merror\x1b[0m\n    \x1b[1mhere\x1b[0m, and \\x1b[2J more\n"),
            std::string::npos)
      << shown;
  EXPECT_NE(shown.find("\x1b[31mexit 2\x1b[0m"), std::string::npos);
}

} // namespace
} // namespace roost::cli
