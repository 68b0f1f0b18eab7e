#include "actors/terminal/pty/pty.hpp"

#include <signal.h>

#include <array>

#include "tests/unit/actors/terminal/pty/program_fixture.hpp"

namespace roost::terminal {
namespace {

class pty_test : public test::program_fixture {};

constexpr const char* echo_winch =
    "trap 'echo winch' WINCH; echo ready; while read -r line; do echo \"got $line\"; done";

TEST_F(pty_test, a_resize_that_changes_nothing_sends_no_signal) {
  auto program = start({"bash", "-c", echo_winch});
  ASSERT_TRUE(program.read_until("ready"));
  const int master = program.master();
  EXPECT_EQ(get_size(master), (terminal_size{132, 43}));
  EXPECT_EQ(*set_size(master, {132, 43}), resize_outcome::unchanged);
  program.type("one\r");
  ASSERT_TRUE(program.read_until("got one"));
  EXPECT_EQ(program.output().find("winch"), std::string::npos);

  EXPECT_EQ(*set_size(master, {100, 30}), resize_outcome::applied);
  EXPECT_EQ(get_size(master), (terminal_size{100, 30}));
  program.type("two\r");
  ASSERT_TRUE(program.read_until("got two"));
  ASSERT_TRUE(program.read_until("winch"));
}

TEST_F(pty_test, a_descriptor_that_is_no_terminal_gives_errors) {
  EXPECT_FALSE(set_size(-1, {80, 24}));
  EXPECT_FALSE(get_size(-1));
  std::array<char, 16> buffer{};
  EXPECT_EQ(read_some(-1, buffer).state, pty_state::ended);
  EXPECT_EQ(write_some(-1, "x").state, pty_state::ended);
}

TEST_F(pty_test, the_last_output_of_a_fast_program_comes_before_the_end) {
  for (int i = 0; i < 50; ++i) {
    auto program = start({"sh", "-c", "printf %01000d 7"});
    EXPECT_EQ(program.wait_exit().status, 0);
    ASSERT_EQ(program.read_rest(), std::string(999, '0') + "7");
  }
}

TEST_F(pty_test, the_end_of_output_waits_for_who_still_has_the_terminal) {
  auto program =
      start({"sh", "-c", "setsid sh -c 'echo held=$$=; exec sleep 1000' & read -r stop"});
  ASSERT_TRUE(program.read_until("=\r\n"));
  const auto number = program.output().find("held=") + 5;
  const auto holder = static_cast<pid_t>(std::stol(program.output().substr(number)));
  program.type("\r");
  EXPECT_TRUE(program.wait_exit().status);
  // What was typed is echoed, and that is all.
  std::array<char, 16> buffer{};
  pty_transfer last;
  do {
    last = read_some(program.master(), buffer);
  } while (last.state == pty_state::open);
  EXPECT_EQ(last.state, pty_state::again);
  ASSERT_EQ(::kill(holder, SIGKILL), 0);
  program.read_rest();
}

TEST_F(pty_test, a_program_that_does_not_read_gives_back_pressure) {
  auto program = start({"sh", "-c", "stty raw -echo; echo ready; exec sleep 1000"});
  ASSERT_TRUE(program.read_until("ready"));
  const std::string flood(1 << 16, 'x');
  std::size_t taken = 0;
  for (;;) {
    const auto moved = write_some(program.master(), flood);
    taken += moved.bytes;
    if (moved.state == pty_state::again)
      break;
    ASSERT_EQ(moved.state, pty_state::open);
    ASSERT_LT(taken, std::size_t{1} << 22) << "the kernel must refuse at some point";
  }
  EXPECT_GT(taken, 0u);
}

} // namespace
} // namespace roost::terminal
