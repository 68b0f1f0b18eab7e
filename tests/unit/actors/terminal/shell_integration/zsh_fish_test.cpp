// zsh and fish: what the snippets must not break.
#include "tests/unit/actors/terminal/shell_integration/shell_fixture.hpp"

namespace roost::test {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class zsh_test : public shell_fixture {
protected:
  pty_program start_with(const std::string& zshrc) {
    home_.file(".zshrc", zshrc);
    return start_shell("zsh");
  }
};

TEST_F(zsh_test, hooks_of_the_users_see_the_status) {
  auto session = start_with("PS1='%% '\nprecmd() { echo plain=$? }\nhook() { echo hook=$? }\n"
                            "precmd_functions+=(hook)\npreexec() { echo before=$1 }\n");
  EXPECT_EQ(after(session, "(exit 9)\r"), ran("(exit 9)", 9));
  EXPECT_TRUE(has(session.output(), "plain=9"));
  EXPECT_TRUE(has(session.output(), "hook=9"));
  EXPECT_TRUE(has(session.output(), "before=(exit 9)"));
}

TEST_F(zsh_test, a_prompt_made_by_a_hook_is_marked_each_time) {
  auto session = start_with(
      "late() { PS1=\"<$?> \" }\nsetup() { precmd_functions=(${precmd_functions:#setup} late) }\n"
      "precmd_functions+=(setup)\n");
  after(session, "true\r");
  EXPECT_EQ(after(session, "(exit 4)\r"), ran("(exit 4)", 4));
  EXPECT_TRUE(has(session.output(), "<4> "));
}

TEST_F(zsh_test, a_prompt_of_several_lines_shows_the_status) {
  auto session = start_with("PS1=$'first %?\\nsecond %% '\n");
  EXPECT_EQ(after(session, "(exit 6)\r"), ran("(exit 6)", 6));
  EXPECT_TRUE(has(session.output(), "first 6\r\n"));
}

TEST_F(zsh_test, unusual_options_do_not_hurt) {
  auto session =
      start_with("PS1='%% '\nsetopt no_unset ksh_arrays sh_word_split extended_glob prompt_subst "
                 "warn_create_global no_nomatch\nalias printf='echo bad'\nalias -g D=bad\n");
  EXPECT_EQ(after(session, "true 'a;b'\r"), ran("true 'a\\x3bb'", 0));
  EXPECT_EQ(after(session, "false\r"), ran("false", 1));
  EXPECT_FALSE(has(session.output(), "bad"));
  EXPECT_FALSE(has(session.output(), "parameter not set"));
  EXPECT_FALSE(has(session.output(), "__roost"));
}

TEST_F(zsh_test, a_command_kept_out_of_the_history_is_kept_out_of_the_marks) {
  auto session = start_with("PS1='%% '\nsetopt hist_ignore_space\n");
  EXPECT_EQ(after(session, " true secret\r"),
            (marks{"133;C", "133;D;0", "7;" + home_.path(), "133;A", "133;B"}));
}

TEST_F(zsh_test, startup_files_are_read_from_where_the_user_has_them) {
  home_.folder("dots");
  home_.file("dots/.zshenv", "ENV_READ=yes\n");
  home_.file("dots/.zshrc", "PS1='%% '\nRC_READ=yes\n");
  context_.server.set("ZDOTDIR", home_ / "dots");
  auto session = start_shell("zsh");
  after(session, "echo $ENV_READ $RC_READ $ZDOTDIR ${ROOST_ZDOTDIR-none} ${__roost_dir-none}\r");
  EXPECT_TRUE(has(printed(session), "yes yes " + (home_ / "dots") + " none none"));
}

TEST_F(zsh_test, a_user_without_zdotdir_has_none_afterwards) {
  home_.file(".zshenv", "ENV_READ=yes\n");
  auto session = start_with("PS1='%% '\n");
  after(session, "echo $ENV_READ ${ZDOTDIR-none}\r");
  EXPECT_TRUE(has(printed(session), "yes none"));
}

TEST_F(zsh_test, a_zshenv_that_moves_the_rest_is_obeyed) {
  home_.folder("moved");
  home_.file(".zshenv", "ZDOTDIR=$HOME/moved\n");
  home_.file("moved/.zshrc", "PS1='%% '\nMOVED=yes\n");
  auto session = start_shell("zsh");
  after(session, "echo $MOVED\r");
  EXPECT_TRUE(has(printed(session), "yes"));
}

TEST_F(zsh_test, a_login_shell_reads_the_profile) {
  home_.file(".zprofile", "PROFILE=yes\n");
  home_.file(".zshrc", "PS1='%% '\n");
  context_.server.set("SHELL", "/bin/zsh");
  context_.start = terminal::shell_start::login;
  auto session = start({});
  ASSERT_TRUE(at_prompt(session));
  after(session, "echo $PROFILE\r");
  EXPECT_TRUE(has(printed(session), "yes"));
}

class fish_test : public shell_fixture {
protected:
  pty_program start_with(const std::string& config) {
    home_.folder(".config/fish");
    home_.file(".config/fish/config.fish", config);
    return start_shell("fish");
  }
};

TEST_F(fish_test, a_prompt_of_the_users_sees_the_status) {
  auto session = start_with("function fish_prompt; echo -n \"<$status> \"; end\n");
  EXPECT_EQ(after(session, "sh -c 'exit 4'\r"), ran("sh -c 'exit 4'", 4));
  EXPECT_TRUE(has(session.output(), "<4> "));
}

TEST_F(fish_test, event_handlers_of_the_users_are_kept) {
  auto session = start_with("function fish_prompt; echo -n '> '; end\n"
                            "function mine --on-event fish_postexec; echo post=$status; end\n");
  EXPECT_EQ(after(session, "false\r"), ran("false", 1));
  EXPECT_TRUE(has(session.output(), "post=1"));
}

TEST_F(fish_test, a_command_kept_out_of_the_history_is_kept_out_of_the_marks) {
  auto session = start_with("function fish_prompt; echo -n '> '; end\n");
  EXPECT_EQ(after(session, " true secret\r"),
            (marks{"133;C", "133;D;0", "7;" + home_.path(), "133;A", "133;B"}));
}

TEST_F(fish_test, the_default_prompt_is_marked_too) {
  auto session = start_with("");
  EXPECT_EQ(after(session, "true\r"), ran("true", 0));
}

} // namespace
} // namespace roost::test
