#include "actors/terminal/screen_follower.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

struct follower_fixture : testing::Test {
  explicit follower_fixture(std::size_t capacity = 1 << 20)
      : bytes(capacity, [this](std::uint64_t offset, const slice& gone) {
          follower.on_evict(offset, gone);
        }) {}
  history bytes;
  screen_follower follower{bytes, {20, 5, 100}};
};

TEST_F(follower_fixture, costs_nothing_until_somebody_looks) {
  bytes.append("hello");
  EXPECT_FALSE(follower.exists());
  EXPECT_EQ(follower.backlog(), 5U);
  EXPECT_EQ(follower.current().line_text(0), "hello");
  EXPECT_EQ(follower.backlog(), 0U);
}

TEST_F(follower_fixture, parsing_late_gives_the_screen_of_parsing_at_once) {
  screen at_once({20, 5, 100});
  const auto both = [&](std::string_view text) {
    bytes.append(text);
    at_once.feed(text);
  };
  both("before the resize\r\n");
  follower.resize({10, 5});
  at_once.resize(10, 5);
  both("after the resize");
  EXPECT_EQ(follower.current().screen_text(), at_once.screen_text());
}

TEST_F(follower_fixture,
       queries_are_answered_for_the_bytes_that_came_while_nobody_held_the_terminal) {
  bytes.append("\x1b[6n");
  follower.answer_queries(false);
  bytes.append("\x1b[6n");
  follower.answer_queries(true);
  bytes.append("\r\n\x1b[6n");
  follower.advance(follower.backlog());
  EXPECT_EQ(follower.take_replies(), "\x1b[1;1R\x1b[2;1R");
}

TEST_F(follower_fixture, a_snapshot_is_made_once_for_a_state) {
  bytes.append("x");
  const auto first = follower.take_snapshot({100, 1 << 16});
  EXPECT_EQ(first.offset, 1U);
  EXPECT_EQ(follower.take_snapshot({100, 1 << 16}).bytes, first.bytes);
  follower.resize({30, 5});
  EXPECT_NE(follower.take_snapshot({100, 1 << 16}).bytes, first.bytes);
  bytes.append("y");
  EXPECT_EQ(follower.take_snapshot({100, 1 << 16}).offset, 2U);
  EXPECT_EQ(follower.last_snapshot().offset, 2U);
  follower.forget_snapshot();
  EXPECT_FALSE(follower.last_snapshot().bytes);
}

struct small_history : follower_fixture {
  small_history() : follower_fixture(4096) {}
};

TEST_F(small_history, what_is_gone_before_it_was_parsed_keeps_modes_and_titles) {
  bytes.append("\x1b]2;the title\x07\x1b[?2004h\x1b[31m");
  for (int i = 0; i < 100; ++i)
    bytes.append(std::string(1000, 'x') + "\r\n");
  bytes.append("\x1b[2J\x1b[Hend");
  ASSERT_GT(bytes.begin(), 0U);
  auto& now = follower.current();
  EXPECT_EQ(now.title(), "the title");
  EXPECT_TRUE(now.bracketed_paste());
  EXPECT_EQ(now.line_text(0), "end");
  EXPECT_NE(now.screen_ansi().find("31"), std::string::npos) << "the colour is still on";
}

TEST_F(small_history, marks_inside_what_is_gone_are_applied_in_their_place) {
  bytes.append(std::string(100, 'a'));
  follower.resize({40, 10});
  for (int i = 0; i < 100; ++i)
    bytes.append(std::string(1000, 'x') + "\r\n");
  EXPECT_EQ(follower.current().cols(), 40);
  EXPECT_EQ(follower.current().rows(), 10);
}

} // namespace
} // namespace roost::terminal
