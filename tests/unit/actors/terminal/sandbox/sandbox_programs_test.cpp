// Every profile with the programs that people use in terminals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/terminal/sandbox/sandbox.hpp"
#include "tests/unit/actors/terminal/sandbox/sandbox_run.hpp"

namespace roost::terminal {
namespace {

using testing::HasSubstr;

class programs : public testing::TestWithParam<std::tuple<std::string, uid_t>> {
protected:
  programs() : world_(std::get<1>(GetParam())) {}

  sandbox_plan plan(std::vector<std::string> argv) {
    const auto profile = find_sandbox_profile({}, std::get<0>(GetParam())).value();
    auto planned = plan_sandbox(profile, world_.request(std::move(argv)));
    EXPECT_TRUE(planned.has_value()) << planned.error().detail;
    return std::move(planned).value();
  }

  std::string run(const std::string& script) {
    sandbox_run made(world_, plan({"/bin/sh", "-ec", script}));
    EXPECT_EQ(made.finish(), 0) << made.output();
    return made.output();
  }

  sandbox_world world_;
};

INSTANTIATE_TEST_SUITE_P(profiles, programs,
                         testing::Combine(testing::Values("none", "workspace", "isolated"),
                                          testing::ValuesIn(users_to_try())),
                         [](const auto& test) {
                           const auto uid = std::get<1>(test.param);
                           return std::get<0>(test.param) +
                                  (uid == 0 ? "_root" : "_uid_" + std::to_string(uid));
                         });

TEST_P(programs, bash_controls_its_jobs) {
  sandbox_run bash(world_, plan({"/bin/bash", "--norc", "--noprofile", "-i"}));
  ASSERT_TRUE(bash.wait_for("$ ")) << bash.output();
  // What is waited for never stands in the line that is typed.
  bash.type("sh -c 'echo r\"\"eady; exec sleep 1000'\n");
  ASSERT_TRUE(bash.wait_for("ready")) << bash.output();
  bash.type("\x03");
  ASSERT_TRUE(bash.wait_for("$ ")) << bash.output();
  bash.type("echo status $?\n");
  ASSERT_TRUE(bash.wait_for("status 130")) << bash.output();
  bash.type("sh -c 'echo r\"\"eady; exec sleep 1000'\n");
  ASSERT_TRUE(bash.wait_for("ready")) << bash.output();
  bash.type("\x1a");
  ASSERT_TRUE(bash.wait_for("Stopped")) << bash.output();
  bash.type("bg; jobs -r | wc -l | tr 1 R; kill %1; wait\n");
  ASSERT_TRUE(bash.wait_for("R\r\n")) << bash.output();
  bash.type("exit 5\n");
  EXPECT_EQ(bash.finish(), 5) << bash.output();
  EXPECT_THAT(bash.output(), testing::Not(HasSubstr("no job control")));
}

TEST_P(programs, git_makes_a_repository) {
  EXPECT_THAT(run("git init -q repo && cd repo && echo text > file && git add file && "
                  "git -c user.name=Ada -c user.email=ada@example.org commit -qm first && "
                  "git log --oneline && git status --short"),
              HasSubstr("first"));
}

TEST_P(programs, python_runs_threads_and_processes) {
  EXPECT_THAT(
      run("/usr/bin/python3 -c 'import subprocess, threading, tempfile, socket\n"
          "t = threading.Thread(target=print, args=(\"thread\",)); t.start(); t.join()\n"
          "print(subprocess.run([\"echo\", \"child\"], capture_output=True, text=True).stdout)\n"
          "tempfile.TemporaryFile().write(b\"x\"); a, b = socket.socketpair()'"),
      testing::AllOf(HasSubstr("thread"), HasSubstr("child")));
}

TEST_P(programs, vim_edits_a_file) {
  EXPECT_THAT(run("printf 'one\\n' > text; vim -u NONE -es +'normal Atwo' +'wq' text; cat text"),
              HasSubstr("onetwo"));
}

} // namespace
} // namespace roost::terminal
