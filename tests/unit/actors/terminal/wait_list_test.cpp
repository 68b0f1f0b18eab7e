#include "actors/terminal/wait_list.hpp"

#include "actors/terminal/shell_watch.hpp"
#include "actors/terminal/text_matcher.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

using std::chrono::milliseconds;

struct wait_fixture : testing::Test {
  history bytes{1 << 20};
  shell_watch shell;
  wait_list waits{4};
  steady_time now{};
  steady_time last_output{};
  bool has_ended = false;
  std::optional<int> status;

  wait_facts facts() {
    return {now,
            last_output,
            bytes,
            shell.info(),
            shell.is_integrated(),
            shell.is_command_pending(),
            has_ended,
            status};
  }
  wait_list::wait_id start(wait_kind kind, std::string pattern = {},
                           milliseconds timeout = milliseconds{10'000},
                           std::optional<std::uint64_t> since = {}) {
    wait_for what;
    what.kind = kind;
    what.pattern = std::move(pattern);
    what.timeout = timeout;
    what.idle = milliseconds{100};
    what.since = since;
    auto id = waits.add(what, facts());
    EXPECT_TRUE(id);
    return id ? *id : 0;
  }
  std::optional<wait_result> only_result() {
    auto over = waits.check(facts());
    if (over.size() != 1 || !over.front().second)
      return std::nullopt;
    return *over.front().second;
  }
  void mark(const char* data) { shell.apply({bytes.end(), osc_kind::mark_133, data}); }
};

TEST_F(wait_fixture, text_is_found_across_pieces_and_without_its_colours) {
  start(wait_kind::text, "all done");
  bytes.append("compiling\r\n\x1b[32mall");
  EXPECT_FALSE(only_result());
  bytes.append(" \x1b[1mdo");
  EXPECT_FALSE(only_result());
  bytes.append("ne");
  const auto result = only_result();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->met);
  EXPECT_EQ(result->reason, "matched");
  EXPECT_TRUE(waits.is_empty());
}

TEST_F(wait_fixture, what_was_printed_before_counts_unless_since_says_otherwise) {
  bytes.append("done\r\n");
  start(wait_kind::text, "done");
  EXPECT_TRUE(only_result());
  start(wait_kind::text, "done", milliseconds{10'000}, bytes.end());
  EXPECT_FALSE(only_result());
}

TEST_F(wait_fixture, regular_expressions_see_lines) {
  start(wait_kind::regex, "^error: \\d+$");
  bytes.append("no error: 1\r\nerror: 42\r\n");
  EXPECT_TRUE(only_result());
}

TEST_F(wait_fixture, bad_patterns_are_refused_with_the_reason) {
  wait_for what;
  what.kind = wait_kind::regex;
  what.pattern = "a(";
  const auto refused = waits.add(what, facts());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(terminal_error::bad_pattern));
  EXPECT_FALSE(refused.error().detail.empty());
  what.pattern = std::string(5000, 'a');
  EXPECT_FALSE(waits.add(what, facts()));
  what.kind = wait_kind::text;
  what.pattern.clear();
  EXPECT_FALSE(waits.add(what, facts()));
}

TEST_F(wait_fixture, a_time_out_says_so) {
  start(wait_kind::text, "never", milliseconds{500});
  EXPECT_FALSE(only_result());
  EXPECT_EQ(waits.next_check(now, last_output), now + milliseconds{500});
  now += milliseconds{500};
  const auto result = only_result();
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->met);
  EXPECT_EQ(result->reason, "timeout");
}

TEST_F(wait_fixture, silence_counts_from_the_last_output) {
  start(wait_kind::idle);
  now += milliseconds{90};
  last_output = now;
  now += milliseconds{90};
  EXPECT_FALSE(only_result());
  now += milliseconds{10};
  const auto result = only_result();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->reason, "idle");
}

TEST_F(wait_fixture, a_command_has_ended_when_the_shell_says_so) {
  mark("A");
  mark("B");
  shell.on_typed("make\r");
  start(wait_kind::command);
  EXPECT_FALSE(only_result()) << "it was entered: it counts as running before the shell says so";
  mark("C");
  EXPECT_FALSE(only_result());
  mark("D;3");
  const auto result = only_result();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->reason, "command_ended");
  EXPECT_EQ(result->exit_status, 3);
}

TEST_F(wait_fixture, at_rest_there_is_nothing_to_wait_for) {
  mark("A");
  mark("B");
  start(wait_kind::command);
  EXPECT_TRUE(only_result());
}

TEST_F(wait_fixture, a_program_that_is_no_shell_cannot_say_when_a_command_ends) {
  start(wait_kind::command);
  EXPECT_TRUE(waits.check(facts()).empty());
  now += milliseconds{3'000};
  const auto over = waits.check(facts());
  ASSERT_EQ(over.size(), 1U);
  ASSERT_FALSE(over.front().second);
  EXPECT_TRUE(over.front().second.error().is(terminal_error::no_shell_integration));
}

TEST_F(wait_fixture, the_end_of_the_program_ends_every_wait) {
  start(wait_kind::exit);
  start(wait_kind::text, "never");
  EXPECT_TRUE(waits.check(facts()).empty());
  has_ended = true;
  status = 7;
  const auto over = waits.check(facts());
  ASSERT_EQ(over.size(), 2U);
  EXPECT_TRUE(over[0].second->met);
  EXPECT_EQ(over[0].second->exit_status, 7);
  EXPECT_FALSE(over[1].second->met);
  EXPECT_EQ(over[1].second->reason, "exited");
}

TEST_F(wait_fixture, the_number_of_waits_is_bounded) {
  for (int i = 0; i < 4; ++i)
    start(wait_kind::exit);
  wait_for what;
  const auto refused = waits.add(what, facts());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(terminal_error::too_many_waits));
}

TEST_F(wait_fixture, much_text_is_looked_at_in_bounded_steps) {
  bytes.append(std::string(900'000, 'x'));
  bytes.append("needle");
  start(wait_kind::text, "needle");
  EXPECT_FALSE(only_result());
  EXPECT_EQ(waits.next_check(now, last_output), now) << "there is more to look at";
  int looks = 1;
  while (!only_result() && looks < 10)
    ++looks;
  EXPECT_LT(looks, 10);
}

TEST(text_matcher, remembers_where_it_looked) {
  history bytes(1 << 20);
  auto matcher = text_matcher::make(text_matcher::kind::text, "b", 0);
  ASSERT_TRUE(matcher);
  bytes.append("aaa");
  EXPECT_FALSE(matcher->advance(bytes, 100));
  EXPECT_EQ(matcher->offset(), 3U);
  bytes.append("b");
  EXPECT_TRUE(matcher->advance(bytes, 100));
  EXPECT_TRUE(matcher->advance(bytes, 100)) << "once found, found";
}

} // namespace
} // namespace roost::terminal
