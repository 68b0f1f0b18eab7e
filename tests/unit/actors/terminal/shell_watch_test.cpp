#include "actors/terminal/shell_watch.hpp"

#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

struct watch_fixture : testing::Test {
  shell_watch shell;
  std::uint64_t offset = 0;
  void mark(const char* data) { shell.apply({offset += 10, osc_kind::mark_133, data}); }
};

TEST_F(watch_fixture, a_shell_that_says_nothing_is_not_integrated) {
  EXPECT_FALSE(shell.is_integrated());
  EXPECT_FALSE(shell.is_at_rest());
  EXPECT_FALSE(shell.last_output());
}

TEST_F(watch_fixture, between_enter_and_the_shells_word_a_command_is_pending) {
  mark("A");
  mark("B");
  EXPECT_TRUE(shell.is_at_rest());
  shell.on_typed("make");
  EXPECT_TRUE(shell.is_at_rest()) << "no Enter yet";
  shell.on_typed("\r");
  EXPECT_TRUE(shell.is_command_pending());
  EXPECT_FALSE(shell.is_at_rest());
  mark("C");
  EXPECT_TRUE(shell.is_command_pending());
  mark("D;2");
  EXPECT_FALSE(shell.is_command_pending());
  EXPECT_EQ(shell.info().commands, 1U);
  EXPECT_EQ(shell.info().last_exit_status, 2);
  ASSERT_TRUE(shell.last_output());
  EXPECT_LT(shell.last_output()->begin, shell.last_output()->end);
}

TEST_F(watch_fixture, an_empty_line_ends_with_the_next_prompt) {
  mark("A");
  mark("B");
  shell.on_typed("\r");
  EXPECT_TRUE(shell.is_command_pending());
  mark("A");
  EXPECT_FALSE(shell.is_command_pending());
  EXPECT_EQ(shell.info().commands, 0U);
}

TEST_F(watch_fixture, the_folder_and_the_title_are_passed_on) {
  EXPECT_TRUE(shell.apply({1, osc_kind::cwd, "file:///usr/share"}));
  EXPECT_EQ(shell.info().cwd, "/usr/share");
  EXPECT_TRUE(shell.apply({2, osc_kind::title, "vim"}));
  EXPECT_EQ(shell.title(), "vim");
}

TEST_F(watch_fixture, goes_on_in_another_process_without_counting_twice) {
  mark("A");
  mark("B");
  mark("C");
  mark("D;3");
  mark("A");
  const auto seen = offset;
  shell.apply({offset += 10, osc_kind::mark_633, "E;make all"});
  shell.on_typed("x\r");
  const auto saved = shell.save();
  EXPECT_EQ(saved.offset, offset);

  shell_watch next;
  next.restore(saved);
  EXPECT_TRUE(next.is_integrated());
  EXPECT_TRUE(next.is_command_pending());
  EXPECT_EQ(next.info().commands, 1U);
  EXPECT_EQ(next.info().last_exit_status, 3);
  EXPECT_TRUE(next.info().at_prompt);
  EXPECT_EQ(next.last_output()->end, shell.last_output()->end);
  // The bytes since the checkpoint are parsed again.
  EXPECT_FALSE(next.apply({seen - 20, osc_kind::mark_133, "C"}));
  EXPECT_FALSE(next.apply({seen - 10, osc_kind::mark_133, "D;9"}));
  EXPECT_FALSE(next.apply({saved.offset, osc_kind::mark_633, "E;make all"}));
  EXPECT_EQ(next.info().commands, 1U);
  EXPECT_TRUE(next.apply({offset + 1, osc_kind::mark_133, "C"}));
  EXPECT_EQ(next.info().running, "make all") << "it was told before";
  EXPECT_TRUE(next.apply({offset + 2, osc_kind::mark_133, "D;0"}));
  EXPECT_EQ(next.info().commands, 2U);
  EXPECT_EQ(next.save().offset, offset + 2);
}

} // namespace
} // namespace roost::terminal
