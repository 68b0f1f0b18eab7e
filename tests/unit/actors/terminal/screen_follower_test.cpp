#include "actors/terminal/screen_follower.hpp"

#include "protocols/wire/session_memory.hpp"

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

// ---- going on in another process ----

screen_origin origin_of(screen_follower& first, std::uint64_t end,
                        checkpoint_depth depth = checkpoint_depth::full) {
  const auto shot = first.take_checkpoint(depth);
  return {shot.offset, *shot.bytes, first.sizes(), end};
}

TEST_F(follower_fixture, a_checkpoint_parses_nothing) {
  bytes.append("seen");
  follower.current();
  bytes.append(" and not seen");
  const auto origin = origin_of(follower, bytes.end());
  EXPECT_EQ(origin.offset, 4U);
  EXPECT_EQ(follower.parsed(), 4U);
  screen_follower second(bytes, {20, 5, 100}, origin);
  EXPECT_FALSE(second.exists());
  EXPECT_EQ(second.backlog(), 13U);
  EXPECT_EQ(second.current().line_text(0), "seen and not seen");
}

TEST_F(follower_fixture, title_and_modes_come_back) {
  bytes.append("\x1b]2;the title\x07\x1b[?1049h\x1b[?2004h\x1b[?1h\x1b[?1003;1006h\x1b[?25l"
               "\x1b[2;3Hin vim");
  follower.current();
  screen_follower second(bytes, {80, 24, 100}, origin_of(follower, bytes.end()));
  auto& now = second.current();
  EXPECT_EQ(now.cols(), 20);
  EXPECT_EQ(now.title(), "the title");
  EXPECT_TRUE(now.alternate());
  EXPECT_TRUE(now.bracketed_paste());
  EXPECT_TRUE(now.application_cursor_keys());
  EXPECT_FALSE(now.cursor().visible);
  EXPECT_EQ(now.line_text(1), "  in vim");
  EXPECT_EQ(now.dump(), follower.current().dump());
  // Who does not know the title any more is told.
  const auto events = second.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, osc_kind::title);
  EXPECT_EQ(events[0].data, "the title");
  EXPECT_LE(events[0].offset, bytes.end());
  EXPECT_TRUE(second.take_events().empty());
}

TEST_F(follower_fixture, a_query_is_not_answered_twice) {
  bytes.append("\x1b[6n");
  follower.current();
  EXPECT_EQ(follower.take_replies(), "\x1b[1;1R");
  const auto origin = origin_of(follower, 0);
  bytes.append("\x1b[6n");
  follower.current();
  EXPECT_EQ(follower.take_replies(), "\x1b[1;1R");

  auto from = origin;
  from.answers_from = bytes.end();
  screen_follower second(bytes, {20, 5, 100}, from);
  bytes.append("\r\n\x1b[6n");
  second.current();
  EXPECT_EQ(second.take_replies(), "\x1b[2;1R") << "what comes now is answered";

  // Somebody holds the terminal by then: theirs is the answer.
  from.answers_from = bytes.end();
  screen_follower third(bytes, {20, 5, 100}, from);
  third.answer_queries(false);
  bytes.append("\x1b[6n");
  third.answer_queries(true);
  bytes.append("\x1b[6n");
  third.current();
  EXPECT_EQ(third.take_replies(), "\x1b[2;1R");
}

TEST_F(follower_fixture, without_a_checkpoint_everything_is_parsed_again) {
  bytes.append("one\r\n");
  follower.resize({30, 5});
  bytes.append("two");
  screen_follower second(bytes, {80, 24, 100}, {0, "", follower.sizes(), bytes.end()});
  EXPECT_EQ(second.current().screen_text(), follower.current().screen_text());
  EXPECT_EQ(second.current().cols(), 30);
}

TEST_F(follower_fixture, sizes_are_kept_from_the_checkpoint_before_the_last_on) {
  for (std::uint16_t i = 0; i < 10; ++i) {
    bytes.append("x");
    follower.resize({static_cast<std::uint16_t>(10 + i), 5});
  }
  ASSERT_EQ(follower.sizes().size(), 11U);
  EXPECT_EQ(follower.sizes().front().size, (terminal_size{20, 5}));
  follower.current();
  (void)follower.take_checkpoint(checkpoint_depth::screen_only);
  EXPECT_EQ(follower.sizes().size(), 11U);
  bytes.append("x");
  follower.current();
  (void)follower.take_checkpoint(checkpoint_depth::screen_only);
  ASSERT_EQ(follower.sizes().size(), 1U);
  EXPECT_EQ(follower.sizes().back().size, (terminal_size{19, 5}));
  for (std::uint16_t i = 0; i < 1000; ++i) {
    bytes.append("x");
    follower.resize({static_cast<std::uint16_t>(10 + i % 7), 5});
  }
  EXPECT_LE(follower.sizes().size(), screen_follower::max_sizes);
  EXPECT_EQ(follower.sizes().back().size, (terminal_size{10 + 999 % 7, 5}));
}

TEST_F(follower_fixture, bytes_that_nobody_has_any_more_are_crossed) {
  bytes.append("\x1b[?2004hbefore");
  follower.current();
  bytes.jump(1000);
  bytes.append(" after\x1b]133;A\x07");
  EXPECT_EQ(follower.backlog(), bytes.end() - 14);
  auto& now = follower.current();
  EXPECT_EQ(now.line_text(0), "before after");
  EXPECT_TRUE(now.bracketed_paste());
  const auto events = follower.take_events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].offset, bytes.end()) << "offsets are those of the history";
  EXPECT_EQ(follower.backlog(), 0U);
}

TEST_F(follower_fixture, a_checkpoint_from_before_the_held_bytes_is_better_than_none) {
  bytes.append("\x1b[?2004hbefore");
  follower.current();
  const auto origin = origin_of(follower, 0);
  history held(1 << 20, nullptr, make_heap_source(), {}, 1000);
  held.append(" after");
  screen_follower second(held, {20, 5, 100}, origin);
  EXPECT_EQ(second.current().line_text(0), "before after");
  EXPECT_TRUE(second.current().bracketed_paste());
  EXPECT_EQ(second.parsed(), held.end());
}

TEST_F(follower_fixture, a_checkpoint_from_behind_the_held_bytes_is_the_newest_that_is_known) {
  bytes.append("as it was");
  follower.current();
  auto origin = origin_of(follower, 0);
  origin.offset = 500;
  history held(1 << 20);
  held.append("torn");
  screen_follower second(held, {20, 5, 100}, origin);
  EXPECT_EQ(second.current().line_text(0), "as it was");
  held.jump(500);
  held.append(" now");
  EXPECT_EQ(second.current().line_text(0), "as it was now");
}

TEST_F(follower_fixture, checkpoints_are_bounded_by_their_depth) {
  screen_follower deep(bytes, {20, 5, 100'000});
  for (int i = 0; i < 100'000; ++i)
    bytes.append("line " + std::to_string(i) + "\r\n");
  deep.current();
  EXPECT_LT(deep.take_checkpoint(checkpoint_depth::screen_only).bytes->size(), 500U);
  const auto some = deep.take_checkpoint(checkpoint_depth::some_scrollback).bytes->size();
  EXPECT_GT(some, 64U << 10);
  EXPECT_LE(some, (128U << 10) + 32);
  const auto full = deep.take_checkpoint(checkpoint_depth::full).bytes->size();
  EXPECT_GT(full, 512U << 10);
  EXPECT_LE(full, keeper::checkpoint_bytes);
}

} // namespace
} // namespace roost::terminal
