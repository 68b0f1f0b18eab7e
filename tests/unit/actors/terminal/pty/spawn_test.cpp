#include "actors/terminal/pty/spawn.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <csignal>
#include <sstream>

#include "tests/unit/actors/terminal/pty/spawn_fixture.hpp"

namespace roost::terminal {
namespace {

class spawn_test : public test::spawn_fixture {};

TEST_F(spawn_test, gives_the_program_a_session_and_a_controlling_terminal) {
  auto session = start({"sh", "-c", "tty; cat /proc/$$/stat; tty </dev/tty"});
  const auto tty = session.child().tty_name;
  const auto pid = session.child().pid;
  session.wait_exit();
  std::istringstream lines(session.read_rest());
  std::string name;
  lines >> name;
  EXPECT_EQ(name, tty);
  std::string field;
  lines >> field;
  EXPECT_EQ(field, std::to_string(pid));
  lines >> field >> field >> field; // comm, state, parent
  int group = 0;
  int sid = 0;
  int terminal = 0;
  int foreground_group = 0;
  lines >> group >> sid >> terminal >> foreground_group;
  EXPECT_EQ(group, pid);
  EXPECT_EQ(sid, pid);
  EXPECT_NE(terminal, 0);
  EXPECT_EQ(foreground_group, pid);
  EXPECT_NE(session.output().find("/dev/tty"), std::string::npos);
}

TEST_F(spawn_test, sets_size_and_line_discipline_before_the_first_instruction) {
  const auto out = run("stty size; stty -a");
  EXPECT_TRUE(out.starts_with("43 132\n")) << out;
  for (const std::string_view setting : {"iutf8", "icanon", "isig", "echoctl", "icrnl", "onlcr",
                                         "erase = ^?", "intr = ^C", "eof = ^D"})
    EXPECT_NE(out.find(setting), std::string::npos) << setting << " in " << out;
  EXPECT_EQ(out.find("-iutf8"), std::string::npos);
}

TEST_F(spawn_test, passes_on_no_descriptor) {
  // Without close-on-exec, as careless libraries open them, and far up.
  const unique_fd careless(::open("/dev/null", O_RDONLY));
  const unique_fd far_up(::fcntl(careless.get(), F_DUPFD, 700));
  ASSERT_TRUE(far_up);
  auto session = start({"sh", "-c", "for f in /proc/$$/fd/*; do readlink $f; done"});
  const auto tty = session.child().tty_name;
  session.wait_exit();
  auto text = session.read_rest();
  std::erase(text, '\r');
  EXPECT_EQ(text, tty + "\n" + tty + "\n" + tty + "\n");
}

TEST_F(spawn_test, its_own_descriptors_close_on_exec) {
  auto session = start({"sh", "-c", "exit 0"});
  for (const int fd :
       {session.child().master.get(), session.child().tty.get(), session.child().pidfd.get()})
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(session.child().master.get(), F_GETFL) & O_NONBLOCK, 0);
  session.wait_exit();
}

TEST_F(spawn_test, resets_signals_and_the_mask) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigaddset(&blocked, SIGINT);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  auto* const old_pipe = ::signal(SIGPIPE, SIG_IGN);
  auto* const old_hup = ::signal(SIGHUP, SIG_IGN);
  // grep itself changes nothing about signals; sh would.
  auto session = start({"grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"});
  session.wait_exit();
  auto text = session.read_rest();
  std::erase(text, '\r');
  ::signal(SIGPIPE, old_pipe);
  ::signal(SIGHUP, old_hup);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_NE(text.find("SigBlk:\t0000000000000000"), std::string::npos) << text;
  // 32 and 33 belong to the C library, which uses them within a process only.
  EXPECT_NE(text.find("SigIgn:\t0000000180000000"), std::string::npos) << text;
}

TEST_F(spawn_test, starts_in_the_folder_with_the_environment) {
  home_.folder("sub");
  spawn_request request;
  request.command = {"sh", "-c", "pwd; echo \"$EXTRA|$ROOST_SESSION_ID|$TERM\""};
  request.cwd = "~/sub";
  request.env = {{"EXTRA", "a b"}};
  auto what = prepare(request, context_);
  ASSERT_TRUE(what);
  auto out = spawn(*what);
  ASSERT_TRUE(out);
  test::pty_session session(std::move(out).value());
  session.wait_exit();
  EXPECT_EQ(session.read_rest(), (home_ / "sub") + "\r\na b|s1|xterm-256color\r\n");
}

TEST_F(spawn_test, keeps_the_exit_status_or_the_signal) {
  run("exit 0");
  EXPECT_EQ(last_exit_, (exit_outcome{0, std::nullopt}));
  run("exit 42");
  EXPECT_EQ(last_exit_, (exit_outcome{42, std::nullopt}));
  run("kill -SEGV $$");
  EXPECT_EQ(last_exit_, (exit_outcome{std::nullopt, SIGSEGV}));
}

TEST_F(spawn_test, the_last_output_of_a_fast_program_is_not_lost) {
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(run("printf %01000d 7"), std::string(999, '0') + "7");
}

TEST_F(spawn_test, a_script_without_an_interpreter_line_is_run_by_sh) {
  home_.file("script", "echo \"ran $1\"\n", 0755);
  auto session = start({home_ / "script", "well"});
  session.wait_exit();
  EXPECT_EQ(session.read_rest(), "ran well\r\n");
}

TEST_F(spawn_test, what_cannot_be_executed_after_all_leaves_nothing_behind) {
  home_.file("no_interpreter", "#!/no/such/interpreter\n", 0755);
  auto out = spawn(prepared({home_ / "no_interpreter"}));
  ASSERT_FALSE(out);
  EXPECT_TRUE(out.error().is(terminal_error::command_not_executable)) << out.error().detail;

  home_.file("vanishing", "#!/bin/sh\n", 0755);
  auto what = prepared({home_ / "vanishing"});
  std::filesystem::remove(home_ / "vanishing");
  out = spawn(what);
  ASSERT_FALSE(out);
  EXPECT_TRUE(out.error().is(terminal_error::command_not_found)) << out.error().detail;

  what = prepared({"env"});
  what.cwd = home_ / "gone";
  out = spawn(what);
  ASSERT_FALSE(out);
  EXPECT_TRUE(out.error().is(terminal_error::bad_cwd)) << out.error().detail;
}

/// Sets a soft limit for the duration of a scope.
class limit_scope {
public:
  limit_scope(__rlimit_resource which, rlim_t value) : which_(which) {
    ::getrlimit(which_, &old_);
    const rlimit now{value, old_.rlim_max};
    ::setrlimit(which_, &now);
  }
  limit_scope(const limit_scope&) = delete;
  limit_scope& operator=(const limit_scope&) = delete;
  ~limit_scope() { ::setrlimit(which_, &old_); }

private:
  __rlimit_resource which_;
  rlimit old_{};
};

// Fails the N-th descriptor, for every N until the spawn has all it needs.
TEST_F(spawn_test, leaves_nothing_behind_whichever_descriptor_is_the_one_too_many) {
  const auto what = prepared({"sh", "-c", "exit 7"});
  const auto before = test::open_descriptors();
  const int lowest_free = ::dup(STDIN_FILENO);
  ::close(lowest_free);
  int failures = 0;
  for (rlim_t allowed = 0;; ++allowed) {
    ASSERT_LT(allowed, 20u);
    const auto out = [&] {
      const limit_scope limit(RLIMIT_NOFILE, static_cast<rlim_t>(lowest_free) + allowed);
      return spawn(what);
    }();
    if (out) {
      EXPECT_EQ(failures, 3) << "master, terminal and pidfd";
      pollfd ready{out->pidfd.get(), POLLIN, 0};
      ASSERT_EQ(::poll(&ready, 1, 20000), 1);
      const auto outcome = poll_exit(out->pidfd.get());
      ASSERT_TRUE(outcome && *outcome);
      EXPECT_EQ((*outcome)->status, 7);
      break;
    }
    ++failures;
    EXPECT_TRUE(out.error().is(terminal_error::pty_exhausted)) << out.error().detail;
    EXPECT_NE(out.error().detail.find("open files"), std::string::npos);
    ASSERT_EQ(test::open_descriptors(), before);
    ASSERT_FALSE(test::has_children());
  }
}

// The limit of processes binds a user, but not root: there the forked test process becomes another.
TEST_F(spawn_test, says_when_there_is_no_room_for_another_process) {
  auto what = prepared({"sh", "-c", "exit 0"});
  what.cwd = "/";
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    constexpr uid_t nobody = 65533;
    const rlimit one{1, 1};
    const bool is_bound = ::geteuid() != 0 || ::setuid(nobody) == 0;
    if (!is_bound || ::setrlimit(RLIMIT_NPROC, &one) != 0)
      ::_exit(2);
    const auto out = spawn(what);
    ::_exit(!out && out.error().is(terminal_error::process_limit) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(spawn_test, two_hundred_sessions_leave_nothing_behind) {
  const auto before = test::open_descriptors();
  for (int i = 0; i < 200; ++i) {
    auto session = start({"sh", "-c", "exit 3"});
    ASSERT_EQ(session.wait_exit().status, 3);
  }
  EXPECT_EQ(test::open_descriptors(), before);
  EXPECT_FALSE(test::has_children());
}

} // namespace
} // namespace roost::terminal
