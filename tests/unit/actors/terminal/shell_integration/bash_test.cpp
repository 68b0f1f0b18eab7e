// bash: what the snippet must not break.
#include "tests/unit/actors/terminal/shell_integration/shell_fixture.hpp"

namespace roost::test {
namespace {

class bash_test : public shell_fixture {
protected:
  pty_program start_with(const std::string& bashrc) {
    home_.file(".bashrc", bashrc);
    return start_shell("bash");
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(bash_test, a_prompt_command_in_either_form_sees_the_status) {
  for (const std::string set :
       {"PROMPT_COMMAND='user_hook;'", "PROMPT_COMMAND=('user_hook' 'echo second=$?')",
        "PROMPT_COMMAND='user_hook # a comment'"}) {
    auto session = start_with("PS1='$ '\nuser_hook() { echo \"hook=$?\"; }\n" + set + "\n");
    EXPECT_EQ(after(session, "(exit 9)\r"), ran("(exit 9)", 9)) << set;
    EXPECT_TRUE(has(session.output(), "hook=9")) << set;
    if (has(set, "second")) {
      EXPECT_TRUE(has(session.output(), "second=9"));
    }
  }
}

TEST_F(bash_test, a_prompt_made_by_a_prompt_command_is_marked_each_time) {
  auto session = start_with("PROMPT_COMMAND='PS1=\"<$?> \"'\n");
  EXPECT_EQ(after(session, "(exit 4)\r"), ran("(exit 4)", 4));
  EXPECT_TRUE(has(session.output(), "<4> "));
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

TEST_F(bash_test, the_prompt_shows_the_status_and_may_have_several_lines) {
  auto session = start_with("PS1='first $?\\nsecond\\$ '\n");
  EXPECT_EQ(after(session, "(exit 6)\r"), ran("(exit 6)", 6));
  EXPECT_TRUE(has(session.output(), "first 6"));
}

TEST_F(bash_test, a_ps0_of_the_users_is_kept) {
  auto session = start_with("PS1='$ '\nPS0='at \\# start\\n'\n");
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_TRUE(has(session.output(), "start"));
}

TEST_F(bash_test, a_debug_trap_of_the_users_is_kept) {
  auto session =
      start_with("PS1='$ '\ntrap '[[ $BASH_COMMAND == __roost* ]] || seen=$BASH_COMMAND' DEBUG\n");
  EXPECT_EQ(after(session, "true abc\r"), ran("true abc", 0));
  after(session, "trap -p DEBUG\r");
  EXPECT_TRUE(has(printed(session), "seen=$BASH_COMMAND"));
}

TEST_F(bash_test, strict_modes_do_not_hurt) {
  auto session = start_with("PS1='$ '\nset -u\nset -o pipefail\ntrap 'echo caught' ERR\n");
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_FALSE(has(session.output(), "unbound"));
  EXPECT_EQ(after(session, "false\r"), ran("false", 1));
  const auto& out = session.output();
  EXPECT_EQ(out.find("caught"), out.rfind("caught"))
      << "the trap runs once, for the user's command";
  EXPECT_EQ(after(session, "\r"), ran_nothing());
  EXPECT_FALSE(has(session.output(), "caught"));
}

TEST_F(bash_test, errexit_ends_the_shell_only_when_bash_would) {
  auto session = start_with("PS1='$ '\nset -e\n");
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_EQ(after(session, "\r"), ran_nothing());
  session.type("false\r");
  EXPECT_EQ(session.wait_exit().status, 1);
}

TEST_F(bash_test, aliases_and_functions_with_common_names_are_not_called) {
  auto session = start_with(
      "PS1='$ '\nalias printf='echo bad'\nalias history='echo bad'\nprintf() { echo bad; }\n");
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_FALSE(has(session.output(), "bad"));
}

TEST_F(bash_test, a_command_kept_out_of_the_history_is_kept_out_of_the_marks) {
  auto session = start_with("PS1='$ '\nHISTCONTROL=ignoreboth\n");
  const marks without_line = {"133;C", "133;D;0", "7;" + home_.path(), "133;A", "133;B"};
  EXPECT_EQ(after(session, " true secret\r"), without_line);
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_EQ(after(session, " true secret\r"), without_line);
  after(session, "set +o history\r");
  EXPECT_EQ(after(session, "true secret\r"), without_line);
}

TEST_F(bash_test, a_repeated_command_is_shown_where_that_is_sure) {
  auto session = start_with("PS1='$ '\nHISTCONTROL=ignoredups\n");
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

TEST_F(bash_test, a_time_format_for_the_history_does_not_show) {
  auto session = start_with("PS1='$ '\nHISTTIMEFORMAT='%F %T '\n");
  EXPECT_EQ(after(session, "true 1\r"), ran("true 1", 0));
}

TEST_F(bash_test, a_full_history_still_gives_the_line) {
  auto session = start_with("PS1='$ '\nHISTSIZE=3\n");
  for (int i = 0; i < 6; ++i) {
    const auto line = "true " + std::to_string(i);
    EXPECT_EQ(after(session, line + "\r"), ran(line, 0));
  }
}

TEST_F(bash_test, without_prompt_expansion_nothing_strange_is_printed) {
  auto session = start_with("PS1='$ '\nshopt -u promptvars\n");
  const auto seen = after(session, "false\r");
  EXPECT_FALSE(has(session.output(), "__roost"));
  EXPECT_EQ(seen.back(), "133;B");
}

TEST_F(bash_test, startup_files_are_read_as_bash_would) {
  home_.file(".bashrc", "PS1='$ '\nRC=bashrc-$((RC_COUNT++))\n");
  home_.file(".bash_profile", "PS1='$ '\nRC=profile\n");
  {
    auto session = start_shell("bash");
    after(session, "echo $RC ${ROOST_BASH_LOGIN-none}\r");
    EXPECT_TRUE(has(printed(session), "bashrc-0 none"));
  }
  context_.server.set("SHELL", "/bin/bash");
  context_.start = terminal::shell_start::login;
  auto session = start({});
  ASSERT_TRUE(at_prompt(session));
  after(session, "echo $RC ${ROOST_BASH_LOGIN-none}\r");
  EXPECT_TRUE(has(printed(session), "profile none"));
}

TEST_F(bash_test, a_startup_file_that_fails_does_not_matter) {
  auto session = start_with("PS1='$ '\nno-such-command\nfalse\nreturn 5\n");
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

TEST_F(bash_test, a_script_and_a_command_string_are_left_alone) {
  home_.file("script", "#!/bin/bash\necho plain\n", 0755);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{home_ / "script"}, {"bash", "-c", "echo plain"}}) {
    auto session = start(command);
    session.wait_exit();
    EXPECT_EQ(session.read_rest(), "plain\r\n");
  }
}

} // namespace
} // namespace roost::test
