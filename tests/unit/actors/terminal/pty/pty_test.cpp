#include "actors/terminal/pty/pty.hpp"

#include <csignal>

#include "tests/unit/actors/terminal/pty/spawn_fixture.hpp"

namespace roost::terminal {
namespace {

class pty_test : public test::spawn_fixture {
protected:
  /// Whether a process runs (a zombie does not).
  static bool is_running(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    const auto end_of_name = text.rfind(") ");
    return end_of_name != std::string::npos && text[end_of_name + 2] != 'Z';
  }

  static pid_t number_after(const std::string& output, const std::string& word) {
    return static_cast<pid_t>(std::stol(output.substr(output.find(word) + word.size())));
  }
};

constexpr const char* echo_winch =
    "trap 'echo winch' WINCH; echo ready; while read -r line; do echo \"got $line\"; done";

TEST_F(pty_test, a_resize_that_changes_nothing_sends_no_signal) {
  auto session = start({"bash", "-c", echo_winch});
  ASSERT_TRUE(session.read_until("ready"));
  const int master = session.child().master.get();
  EXPECT_EQ(get_size(master), (terminal_size{132, 43}));
  EXPECT_EQ(*set_size(master, {132, 43}), resize_outcome::unchanged);
  session.type("one\r");
  ASSERT_TRUE(session.read_until("got one"));
  EXPECT_EQ(session.output().find("winch"), std::string::npos);

  EXPECT_EQ(*set_size(master, {100, 30}), resize_outcome::applied);
  EXPECT_EQ(get_size(master), (terminal_size{100, 30}));
  session.type("two\r");
  ASSERT_TRUE(session.read_until("got two"));
  ASSERT_TRUE(session.read_until("winch"));
}

TEST_F(pty_test, a_descriptor_that_is_no_terminal_gives_errors) {
  EXPECT_FALSE(set_size(-1, {80, 24}));
  EXPECT_FALSE(get_size(-1));
  EXPECT_FALSE(foreground(-1));
  EXPECT_FALSE(poll_exit(-1));
}

TEST_F(pty_test, knows_the_foreground_job) {
  auto session = start({"bash", "--norc", "--noprofile", "-i"});
  const int master = session.child().master.get();
  EXPECT_TRUE(test::eventually([&] {
    const auto job = foreground(master);
    return job && job->command == "bash" && job->group == session.child().pid;
  }));
  session.type("sleep 1000\r");
  EXPECT_TRUE(test::eventually([&] {
    const auto job = foreground(master);
    return job && job->command == "sleep" && job->group != session.child().pid;
  }));
}

TEST_F(pty_test, a_signal_reaches_the_foreground_job_and_the_shell) {
  auto session = start({"bash", "--norc", "--noprofile", "-i"});
  session.type(
      "trap 'echo shell-got-it' USR1; "
      "bash -c 'trap \"echo job-got-it; exit\" USR1; echo up; while :; do read -rt 0.05; done'\r");
  ASSERT_TRUE(session.read_until("up\r\n"));
  EXPECT_EQ(signal_session(session.child().master.get(), session.child().pid, SIGUSR1,
                           leader_state::alive),
            2u);
  EXPECT_TRUE(session.read_until("job-got-it\r\n"));
  EXPECT_TRUE(session.read_until("shell-got-it\r\n"));
}

TEST_F(pty_test, a_stopped_program_is_woken_to_hear_that_it_should_end) {
  auto session =
      start({"sh", "-c", "trap 'exit 5' TERM; echo up; kill -STOP $$; while :; do :; done"});
  ASSERT_TRUE(session.read_until("up"));
  EXPECT_TRUE(test::eventually([&] {
    std::ifstream stat("/proc/" + std::to_string(session.child().pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    return text.find(") T ") != std::string::npos;
  }));
  signal_session(session.child().master.get(), session.child().pid, SIGTERM, leader_state::alive);
  EXPECT_EQ(session.wait_exit().status, 5);
}

TEST_F(pty_test, kill_reaches_every_process_of_the_session) {
  auto session = start({"bash", "--norc", "--noprofile", "-i"});
  // A job of its own process group that ignores polite signals.
  session.type("(trap '' HUP TERM INT; echo job=$BASHPID=; while :; do read -rt 1 <&- || "
               "/bin/sleep 1; done) &\r");
  ASSERT_TRUE(session.read_until([](const std::string& out) {
    const auto at = out.rfind("job=");
    return at != std::string::npos && at + 4 < out.size() && std::isdigit(out[at + 4]) &&
           out.find('=', at + 4) != std::string::npos;
  }));
  const auto job =
      static_cast<pid_t>(std::stol(session.output().substr(session.output().rfind("job=") + 4)));
  ASSERT_TRUE(is_running(job));
  EXPECT_GE(signal_session(session.child().master.get(), session.child().pid, SIGKILL,
                           leader_state::alive),
            2u);
  EXPECT_EQ(session.wait_exit().signal, SIGKILL);
  EXPECT_TRUE(test::eventually([&] { return !is_running(job); }));
}

TEST_F(pty_test, kill_finds_who_is_left_after_the_leader_was_reaped) {
  auto session = start({"sh", "-c", "trap '' HUP; sleep 1000 & echo job=$!; exit 0"});
  EXPECT_EQ(session.wait_exit().status, 0);
  ASSERT_TRUE(session.read_until("job="));
  ASSERT_TRUE(session.read_until("\r\n"));
  const auto job = number_after(session.output(), "job=");
  ASSERT_TRUE(is_running(job));
  const int master = session.child().master.get();
  EXPECT_EQ(signal_session(master, session.child().pid, SIGKILL, leader_state::reaped), 1u);
  EXPECT_TRUE(test::eventually([&] { return !is_running(job); }));
  EXPECT_EQ(signal_session(master, session.child().pid, SIGKILL, leader_state::reaped), 0u);
  session.read_rest();
}

TEST_F(pty_test, never_signals_everybody) {
  EXPECT_EQ(signal_session(-1, -1, SIGTERM, leader_state::alive), 0u);
  EXPECT_EQ(signal_session(-1, 0, SIGTERM, leader_state::alive), 0u);
  EXPECT_EQ(signal_session(-1, 1, SIGTERM, leader_state::alive), 0u);
}

TEST_F(pty_test, letting_go_of_the_terminal_for_a_moment_is_not_the_end) {
  auto session =
      start({"sh", "-c", "exec </dev/null >/dev/null 2>&1; sleep 0.2; exec >/dev/tty; echo back"});
  ASSERT_TRUE(session.read_until("back"));
  EXPECT_EQ(session.wait_exit().status, 0);
  session.read_rest();
}

TEST_F(pty_test, the_end_of_output_waits_for_who_still_has_the_terminal) {
  auto session = start({"sh", "-c", "setsid sh -c 'echo held=$$; exec sleep 1000' & wait"});
  ASSERT_TRUE(session.read_until("held="));
  ASSERT_TRUE(session.read_until("\r\n"));
  const auto holder = number_after(session.output(), "held=");
  signal_session(session.child().master.get(), session.child().pid, SIGKILL, leader_state::alive);
  session.wait_exit();
  std::array<char, 16> buffer{};
  EXPECT_EQ(read_some(session.child().master.get(), buffer).state, pty_state::again);
  ASSERT_EQ(::kill(holder, SIGKILL), 0); // it left the session, so signal_session does not reach it
  session.read_rest();
}

TEST_F(pty_test, a_program_that_does_not_read_gives_back_pressure) {
  auto session = start({"sh", "-c", "stty raw -echo; echo ready; exec sleep 1000"});
  ASSERT_TRUE(session.read_until("ready"));
  const std::string flood(1 << 16, 'x');
  std::size_t taken = 0;
  for (;;) {
    const auto moved = write_some(session.child().master.get(), flood);
    taken += moved.bytes;
    if (moved.state == pty_state::again)
      break;
    ASSERT_EQ(moved.state, pty_state::open);
    ASSERT_LT(taken, std::size_t{1} << 22) << "the kernel must refuse at some point";
  }
  EXPECT_GT(taken, 0u);
}

TEST_F(pty_test, the_exit_status_is_given_once) {
  auto session = start({"sh", "-c", "read -r x; exit 9"});
  const auto early = poll_exit(session.child().pidfd.get());
  ASSERT_TRUE(early);
  EXPECT_FALSE(*early) << "it runs";
  session.type("\r");
  EXPECT_EQ(session.wait_exit().status, 9);
  EXPECT_FALSE(poll_exit(session.child().pidfd.get())) << "nobody to reap";
}

} // namespace
} // namespace roost::terminal
