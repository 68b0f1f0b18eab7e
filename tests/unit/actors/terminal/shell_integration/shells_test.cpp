// What all three shells promise alike.
#include "tests/unit/actors/terminal/shell_integration/shell_fixture.hpp"

namespace roost::test {
namespace {

class every_shell : public shell_fixture, public ::testing::WithParamInterface<std::string> {
protected:
  every_shell() {
    home_.file(".bashrc", "PS1='$ '\nHISTCONTROL=\n");
    home_.file(".zshrc", "PS1='%% '\n");
    home_.folder(".config/fish");
    home_.file(".config/fish/config.fish", "function fish_prompt; printf '> '; end\n");
  }
  [[nodiscard]] bool is_fish() const { return GetParam() == "fish"; }
};

INSTANTIATE_TEST_SUITE_P(shells, every_shell, ::testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return shell.param; });

TEST_P(every_shell, marks_the_first_prompt_without_an_end) {
  auto session = start({GetParam()});
  ASSERT_TRUE(at_prompt(session));
  EXPECT_EQ(marks_in(session.output()), (marks{"7;" + home_.path(), "133;A", "133;B"}));
}

TEST_P(every_shell, marks_commands_with_their_line_and_status) {
  auto session = start_shell(GetParam());
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_EQ(after(session, "false\r"), ran("false", 1));
  EXPECT_EQ(after(session, "sh -c 'exit 42'\r"), ran("sh -c 'exit 42'", 42));
  EXPECT_EQ(after(session, "no-such-command-here\r"), ran("no-such-command-here", 127));
  EXPECT_EQ(after(session, "sh -c 'kill -TERM $$'\r"), ran("sh -c 'kill -TERM $$'", 128 + SIGTERM));
}

TEST_P(every_shell, an_empty_line_ends_with_no_status) {
  auto session = start_shell(GetParam());
  EXPECT_EQ(after(session, "false\r"), ran("false", 1));
  EXPECT_EQ(after(session, "\r"), ran_nothing());
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

TEST_P(every_shell, control_c_at_the_prompt_runs_nothing) {
  auto session = start_shell(GetParam());
  session.forget_output();
  session.type("no-such-thing");
  ASSERT_TRUE(session.read_until("thing"));
  session.forget_output();
  session.type("\x03");
  // A Ctrl-C that comes while the line is being drawn is lost (fish) or kept until the next key
  // (bash), with or without the snippet; a person presses it again.
  for (int again = 0; again < 20 && marks_in(session.output()).size() < 4; ++again) {
    ASSERT_TRUE(session.read_for(std::chrono::milliseconds(200)));
    if (marks_in(session.output()).empty())
      session.type("\x03");
  }
  ASSERT_TRUE(at_prompt(session));
  EXPECT_EQ(marks_in(session.output()), ran_nothing());
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

TEST_P(every_shell, control_c_during_a_command_ends_it) {
  auto session = start_shell(GetParam());
  session.forget_output();
  session.type("sh -c 'echo up-$((1+1)); exec sleep 1000'\r");
  ASSERT_TRUE(session.read_until("up-2"));
  session.type("\x03");
  ASSERT_TRUE(at_prompt(session));
  const auto seen = marks_in(session.output());
  EXPECT_NE(std::ranges::find(seen, "133;D;130"), seen.end());
}

TEST_P(every_shell, a_command_of_several_lines_is_one_command) {
  auto session = start_shell(GetParam());
  if (is_fish()) {
    EXPECT_EQ(after(session, "for i in 1 2\recho n$i\rend\r"),
              ran("for i in 1 2\\x0aecho n$i\\x0aend", 0));
  } else {
    const std::string joint = GetParam() == "bash" ? "\\x3b " : "\\x0a";
    EXPECT_EQ(after(session, "for i in 1 2\rdo echo n$i\rdone\r"),
              ran("for i in 1 2" + joint + "do echo n$i" + joint + "done", 0));
  }
  EXPECT_NE(printed(session).find("n1\r\nn2\r\n"), std::string::npos);
}

TEST_P(every_shell, the_line_is_escaped_so_that_it_cannot_end_the_mark) {
  auto session = start_shell(GetParam());
  EXPECT_EQ(after(session, "echo 'a;b\\c' \"é 🙂\" '[x]*?' >/dev/null; true\r"),
            ran("echo 'a\\x3bb\\\\c' \"é 🙂\" '[x]*?' >/dev/null\\x3b true", 0));
  if (is_fish())
    return; // has no key that inserts a control character
  EXPECT_EQ(after(session, "true '\x16\x01\x16\a\x16\x1b'\r"), ran("true '\\x01\\x07\\x1b'", 0));
}

TEST_P(every_shell, a_very_long_line_is_cut) {
  auto session = start_shell(GetParam());
  const auto seen =
      after(session, "true " + std::string(3000, 'x') + std::string(3000, 'y') + "\r");
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(seen[0].size(), std::string("633;E;").size() + 4096);
  EXPECT_EQ(seen[2], "133;D;0");
}

TEST_P(every_shell, the_folder_is_percent_encoded) {
  const auto odd = home_.folder("a b;é%#'");
  auto session = start_shell(GetParam());
  EXPECT_EQ(after(session, "cd a*\r"), ran("cd a*", 0, home_.path() + "/a%20b%3B%C3%A9%25%23%27"));
  EXPECT_EQ(after(session, "cd ..\r"), ran("cd ..", 0));
}

TEST_P(every_shell, the_exit_status_stays_visible_to_the_user) {
  auto session = start_shell(GetParam());
  const std::string variable = is_fish() ? "$status" : "$?";
  after(session, "sh -c 'exit 7'\r");
  after(session, "echo was-" + variable + "\r");
  EXPECT_NE(printed(session).find("was-7\r\n"), std::string::npos);
}

TEST_P(every_shell, sourcing_twice_changes_nothing) {
  auto session = start_shell(GetParam());
  const auto line = "source $ROOST_SHELL_INTEGRATION/roost." + GetParam();
  EXPECT_EQ(after(session, line + "\r"), ran(line, 0));
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

TEST_P(every_shell, a_nested_shell_works_and_can_have_marks_of_its_own) {
  auto session = start_shell(GetParam());
  session.forget_output();
  session.type(GetParam() +
               (GetParam() == "bash"  ? " --norc"
                : GetParam() == "zsh" ? " -f"
                                      : " --no-config") +
               "\r");
  ASSERT_TRUE(session.read_until("133;C\a"));
  session.forget_output();
  session.type("echo nested-$ROOST_SESSION_ID\r");
  ASSERT_TRUE(session.read_until("nested-s1"));
  EXPECT_EQ(marks_in(session.output()), marks{}) << "nothing is injected below";
  session.forget_output();
  session.type("source $ROOST_SHELL_INTEGRATION/roost." + GetParam() + "\r");
  ASSERT_TRUE(at_prompt(session));
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_EQ(after(session, "exit 3\r").back(), "133;B");
  const auto seen = marks_in(session.output());
  EXPECT_NE(std::ranges::find(seen, "133;D;3"), seen.end()) << "the outer shell goes on";
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

TEST_P(every_shell, another_shells_snippet_does_no_harm) {
  for (const std::string other : {"bash", "zsh"}) {
    if (other == GetParam() || is_fish())
      continue;
    auto session = start_shell(GetParam());
    after(session, "source $ROOST_SHELL_INTEGRATION/roost." + other + "\r");
    EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  }
}

} // namespace
} // namespace roost::test
