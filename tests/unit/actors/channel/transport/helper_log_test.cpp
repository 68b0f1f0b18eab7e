#include "actors/channel/transport/helper_log.hpp"

#include <gtest/gtest.h>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

TEST(helper_log_test, lines_come_whole_whatever_the_reads) {
  helper_log log;
  const steady_time start{};
  EXPECT_EQ(log.take("one\ntw", start).lines, lines{"one"});
  EXPECT_EQ(log.take("o", start).lines, lines{});
  EXPECT_EQ(log.take("\r\n\n\nthree", start).lines, lines{"two"});
  EXPECT_EQ(log.finish(start).lines, lines{"three"});
  EXPECT_EQ(log.finish(start).lines, lines{});
}

TEST(helper_log_test, long_lines_are_cut_between_characters) {
  helper_log log;
  const steady_time start{};
  for (int i = 0; i < 1000; ++i)
    EXPECT_TRUE(log.take(std::string(1000, 'x'), start).lines.empty());
  EXPECT_EQ(log.take("\n", start).lines, lines{std::string(1024, 'x')});
  EXPECT_EQ(log.take(std::string(1023, 'x') + "\u00e9\n", start).lines,
            lines{std::string(1023, 'x')});
  EXPECT_EQ(log.take(std::string(1022, 'x') + "\u00e9\n", start).lines,
            lines{std::string(1022, 'x') + "\u00e9"});
}

TEST(helper_log_test, a_flood_is_counted_and_told_of_once) {
  helper_log log;
  const steady_time start{};
  std::size_t kept = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto got = log.take("a\nb\n", start + i * 1ms);
    kept += got.lines.size();
    EXPECT_EQ(got.left_out, 0U);
  }
  EXPECT_EQ(kept, 100U);
  ASSERT_TRUE(log.due());
  EXPECT_EQ(*log.due(), start + 10s);
  EXPECT_EQ(log.take({}, start + 9'999ms).left_out, 0U);
  const auto told = log.take({}, start + 10s);
  EXPECT_EQ(told.left_out, 1900U);
  EXPECT_FALSE(log.due());
  const auto next = log.take("again\n", start + 10s);
  EXPECT_EQ(next.lines, lines{"again"});
  EXPECT_EQ(next.left_out, 0U);
}

TEST(helper_log_test, the_end_tells_what_was_left_out) {
  helper_log log;
  const steady_time start{};
  for (int i = 0; i < 150; ++i)
    log.take("x\n", start);
  const auto last = log.finish(start);
  EXPECT_TRUE(last.lines.empty());
  EXPECT_EQ(last.left_out, 50U);
  EXPECT_EQ(log.finish(start).left_out, 0U);
}

} // namespace
} // namespace roost::channel
