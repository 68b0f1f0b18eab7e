#include "actors/terminal/pty/environment.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace roost::terminal {
namespace {

const user_record user{"ada", "/home/ada", "/bin/bash"};
const session_identity identity{"s1", "unix:/run/api.sock", "1.2.3"};

TEST(environment, a_session_gets_what_every_program_expects) {
  const auto out = session_environment({}, user, identity, {});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->get("TERM"), "xterm-256color");
  EXPECT_EQ(out->get("COLORTERM"), "truecolor");
  EXPECT_EQ(out->get("TERM_PROGRAM"), "roost");
  EXPECT_EQ(out->get("TERM_PROGRAM_VERSION"), "1.2.3");
  EXPECT_EQ(out->get("ROOST_SESSION_ID"), "s1");
  EXPECT_EQ(out->get("ROOST_SERVER"), "unix:/run/api.sock");
  EXPECT_EQ(out->get("HOME"), "/home/ada");
  EXPECT_EQ(out->get("USER"), "ada");
  EXPECT_EQ(out->get("LOGNAME"), "ada");
  EXPECT_EQ(out->get("SHELL"), "/bin/bash");
  EXPECT_EQ(out->get("LANG"), "C.UTF-8");
  EXPECT_NE(out->get("PATH").find("/usr/bin"), std::string::npos);
}

TEST(environment, what_the_server_has_is_kept_unless_it_is_scrubbed) {
  const environment server = {
      {"PATH", "/opt/bin"}, {"LANG", "de_DE.UTF-8"}, {"HOME", "/srv"},
      {"EDITOR", "vi"},     {"SSH_AUTH_SOCK", "/a"}, {"XDG_RUNTIME_DIR", "/run/user/1"},
  };
  const auto out = session_environment(server, user, identity, {});
  ASSERT_TRUE(out);
  for (const auto& [name, value] : server)
    EXPECT_EQ(out->get(name), value) << name;
}

TEST(environment, secrets_and_traces_of_other_terminals_do_not_reach_a_session) {
  const std::vector<std::string> names = {"ROOST_TOKEN",
                                          "ROOST_DATABASE",
                                          "ROOST_SESSION_IDX",
                                          "CLAUDECODE",
                                          "CLAUDE_CODE_ENTRYPOINT",
                                          "NOTIFY_SOCKET",
                                          "LISTEN_FDS",
                                          "LISTEN_PID",
                                          "TMUX",
                                          "TMUX_PANE",
                                          "STY",
                                          "VTE_VERSION",
                                          "KITTY_WINDOW_ID",
                                          "WEZTERM_PANE",
                                          "SSH_TTY",
                                          "COLUMNS",
                                          "LINES",
                                          "SHLVL",
                                          "OLDPWD",
                                          "WATCHDOG_USEC",
                                          "INVOCATION_ID",
                                          "TERMCAP",
                                          "VSCODE_INJECTION",
                                          "ZELLIJ",
                                          "LC_TERMINAL"};
  environment server;
  for (const auto& name : names)
    server.set(name, "x");
  const auto out = session_environment(server, user, identity, {});
  ASSERT_TRUE(out);
  for (const auto& name : names)
    EXPECT_EQ(out->find(name), nullptr) << name;
  EXPECT_FALSE(is_scrubbed(""));
  EXPECT_FALSE(is_scrubbed("LANG"));
}

TEST(environment, the_callers_additions_win) {
  const auto out = session_environment({{"EDITOR", "vi"}}, user, identity,
                                       {{"EDITOR", "ed"}, {"TERM", "dumb"}, {"EMPTY", ""}});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->get("EDITOR"), "ed");
  EXPECT_EQ(out->get("TERM"), "dumb");
  ASSERT_NE(out->find("EMPTY"), nullptr);
  EXPECT_EQ(*out->find("EMPTY"), "");
}

TEST(environment, bad_additions_are_named) {
  using additions = std::vector<std::pair<std::string, std::string>>;
  struct bad_case {
    additions env;
    std::string_view why;
  };
  const bad_case cases[] = {
      {{{"", "x"}}, "empty name"},
      {{{"A=B", "x"}}, "\"A=B\" has a '='"},
      {{{std::string("A\0B", 3), "x"}}, "NUL"},
      {{{"A", std::string("x\0y", 3)}}, "NUL"},
      {{{"ROOST_SESSION_ID", "x"}}, "reserved"},
      {{{std::string(max_env_name + 1, 'A'), "x"}}, "most is 256"},
      {{{"A", std::string(max_env_bytes, 'x')}}, "more than"},
      {additions(max_env_additions + 1, {"A", "x"}), "most is 256"},
  };
  for (const auto& c : cases) {
    const auto out = session_environment({}, user, identity, c.env);
    ASSERT_FALSE(out) << c.why;
    EXPECT_TRUE(out.error().is(terminal_error::bad_environment));
    EXPECT_NE(out.error().detail.find(c.why), std::string::npos) << out.error().detail;
    EXPECT_LT(out.error().detail.size(), 600u);
  }
}

TEST(environment, an_explicit_locale_is_respected) {
  const auto out = session_environment({{"LC_ALL", "C"}}, user, identity, {});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->find("LANG"), nullptr);
}

TEST(environment, reads_this_process) {
  EXPECT_FALSE(environment::of_this_process().get("PATH").empty());
}

TEST(environment, of_the_servers_own_a_login_has_language_and_time_only) {
  const auto out = login_environment({{"LANG", "de_DE.UTF-8"},
                                      {"LC_TIME", "C"},
                                      {"LANGUAGE", "de"},
                                      {"TZ", "UTC"},
                                      {"HOME", "/root"},
                                      {"PATH", "/root/bin"},
                                      {"SSH_AUTH_SOCK", "/run/agent"},
                                      {"XDG_RUNTIME_DIR", "/run/user/0"},
                                      {"API_KEY", "secret"}});
  EXPECT_EQ(out.lines(),
            (std::vector<std::string>{"LANG=de_DE.UTF-8", "LANGUAGE=de", "LC_TIME=C", "TZ=UTC"}));
}

} // namespace
} // namespace roost::terminal
