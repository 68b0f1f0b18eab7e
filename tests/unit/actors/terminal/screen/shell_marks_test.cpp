#include "actors/terminal/screen/shell_marks.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::terminal {
namespace {

bool apply(shell_marks& marks, osc_kind kind, std::string data, std::uint64_t offset = 0) {
  return marks.apply({offset, kind, std::move(data)});
}

TEST(shell_marks, a_command_from_prompt_to_exit_status) {
  shell_marks marks;
  EXPECT_FALSE(marks.state().has_marks);
  apply(marks, osc_kind::mark_133, "A");
  apply(marks, osc_kind::mark_133, "B");
  EXPECT_TRUE(marks.state().at_prompt);
  apply(marks, osc_kind::mark_633, "E;echo a\\x3bb\\\\;nonce");
  EXPECT_TRUE(apply(marks, osc_kind::mark_133, "C", 100));
  EXPECT_FALSE(marks.state().at_prompt);
  EXPECT_TRUE(marks.state().is_running);
  EXPECT_EQ(marks.state().command_line, "echo a;b\\");
  EXPECT_EQ(marks.state().output_begin, 100u);
  EXPECT_TRUE(apply(marks, osc_kind::mark_133, "D;3", 150));
  EXPECT_FALSE(marks.state().is_running);
  EXPECT_EQ(marks.state().last_exit_status, 3);
  EXPECT_EQ(marks.state().last_command_line, "echo a;b\\");
  EXPECT_EQ(marks.state().output_end, 150u);
  EXPECT_EQ(marks.state().commands, 1u);
}

TEST(shell_marks, an_empty_line_is_no_command) {
  shell_marks marks;
  apply(marks, osc_kind::mark_133, "A");
  EXPECT_FALSE(apply(marks, osc_kind::mark_133, "D"));
  EXPECT_EQ(marks.state().commands, 0u);
}

TEST(shell_marks, a_prompt_ends_a_command_whose_end_was_not_told) {
  shell_marks marks;
  apply(marks, osc_kind::mark_133, "C;cmdline=make all");
  EXPECT_EQ(marks.state().command_line, "make all");
  apply(marks, osc_kind::mark_133, "A");
  EXPECT_EQ(marks.state().commands, 1u);
  EXPECT_FALSE(marks.state().last_exit_status);
  apply(marks, osc_kind::mark_133, "C;cmdline_url=a%20b");
  EXPECT_EQ(marks.state().command_line, "a b");
  apply(marks, osc_kind::mark_133, "D;;aid=1");
  EXPECT_FALSE(marks.state().last_exit_status);
}

TEST(shell_marks, folders_of_this_machine_only) {
  shell_marks marks("here");
  EXPECT_TRUE(apply(marks, osc_kind::cwd, "file://here/home/a%20b"));
  EXPECT_EQ(marks.state().cwd, "/home/a b");
  EXPECT_FALSE(apply(marks, osc_kind::cwd, "file://elsewhere/tmp"));
  EXPECT_FALSE(apply(marks, osc_kind::cwd, "http://here/tmp"));
  EXPECT_FALSE(apply(marks, osc_kind::cwd, "file://here/bad%zz"));
  EXPECT_FALSE(apply(marks, osc_kind::cwd, "file://here/nul%00"));
  EXPECT_TRUE(apply(marks, osc_kind::cwd, "file:///tmp"));
  EXPECT_TRUE(apply(marks, osc_kind::mark_633, "P;Cwd=/x\\x3by"));
  EXPECT_EQ(marks.state().cwd, "/x;y");
  EXPECT_FALSE(apply(marks, osc_kind::mark_633, "P;Cwd=/x\\x3by"));
}

TEST(shell_marks, rubbish_changes_nothing) {
  shell_marks marks;
  for (const auto* data : {"", ";", "Z", "AA", "D;x", "P;", "P;Other=1", "E"})
    apply(marks, osc_kind::mark_633, data);
  EXPECT_EQ(marks.state().commands, 0u);
  EXPECT_EQ(marks.state().cwd, "");
}

} // namespace
} // namespace roost::terminal
