#include "actors/terminal/usage.hpp"

#include <gtest/gtest.h>

namespace roost::terminal {
namespace {

using namespace std::chrono_literals;

/// As the kernel writes it: recorded, with the name put in.
std::string recorded(const std::string& name) {
  return "2716801 (" + name +
         ") S 2716790 2716801 2716801 34817 2716999 4194560 3145 81234 0 12 25 14 310 77 20 0 1 0 "
         "98765432 8679424 1433 18446744073709551615 94242834526208 94242835451149 140722881 0 0 0 "
         "65536 3686404 1266761467 1 0 0 17 1 0 0 0 0 0 94242835685520 94242835733732 1 1 1 1 1 "
         "0\n";
}

process_stat process(std::int64_t pid, std::int64_t parent, std::uint64_t ticks = 0) {
  process_stat x;
  x.pid = pid;
  x.parent = parent;
  x.group = pid;
  x.state = 'S';
  x.own_ticks = ticks;
  x.started = static_cast<std::uint64_t>(pid);
  x.resident_pages = 10;
  return x;
}

process_stat on_terminal(process_stat x, std::int64_t tty, std::int64_t group,
                         std::int64_t foreground) {
  x.tty = tty;
  x.group = group;
  x.foreground_group = foreground;
  return x;
}

TEST(usage, a_recorded_line_is_read) {
  const auto x = parse_process_stat(recorded("bash"));
  ASSERT_TRUE(x);
  EXPECT_EQ(x->pid, 2716801);
  EXPECT_EQ(x->name, "bash");
  EXPECT_EQ(x->state, 'S');
  EXPECT_EQ(x->parent, 2716790);
  EXPECT_EQ(x->group, 2716801);
  EXPECT_EQ(x->tty, 34817);
  EXPECT_EQ(x->foreground_group, 2716999);
  EXPECT_EQ(x->own_ticks, 25U + 14U);
  EXPECT_EQ(x->waited_ticks, 310U + 77U);
  EXPECT_EQ(x->started, 98765432U);
  EXPECT_EQ(x->resident_pages, 1433U);
}

TEST(usage, hostile_names_change_nothing_else) {
  for (const std::string name : {"", ")", "(", ") S 1 1", "a) R 1 (b", "two\nlines", ") ",
                                 "x) Z 0 0 0 0 0", "\xff\x1b[2J"}) {
    const auto x = parse_process_stat(recorded(name));
    ASSERT_TRUE(x) << name;
    EXPECT_EQ(x->name, name);
    EXPECT_EQ(x->parent, 2716790) << name;
    EXPECT_EQ(x->resident_pages, 1433U) << name;
  }
}

TEST(usage, what_is_no_whole_line_is_refused) {
  const auto line = recorded("bash");
  const auto last_needed = line.find(" 1433 ");
  for (std::size_t size = 0; size <= last_needed + 1; ++size)
    EXPECT_FALSE(parse_process_stat(line.substr(0, size))) << size;
  for (const std::string text :
       {"0 (x) S", "-4 (x) S 1 1", "x (y) S 1", "12 y S 1 1 1 1 1", "1 )("})
    EXPECT_FALSE(parse_process_stat(text)) << text;
}

TEST(usage, a_process_without_terminal_has_none) {
  auto line = recorded("x");
  line.replace(line.find("34817 2716999"), 13, "0 -1");
  const auto x = parse_process_stat(line);
  ASSERT_TRUE(x);
  EXPECT_EQ(x->tty, 0);
  EXPECT_EQ(x->foreground_group, -1);
}

TEST(usage, a_commands_name) {
  using namespace std::string_literals;
  EXPECT_EQ(command_name("vim", "vim\0notes.txt\0"s), "vim");
  EXPECT_EQ(command_name("deploy.py", "/usr/bin/python3\0deploy.py\0"s), "deploy.py");
  EXPECT_EQ(command_name("a-long-command-", "/opt/a-long-command-name\0--x\0"s),
            "a-long-command-name");
  EXPECT_EQ(command_name("a-long-command-", "something else"), "a-long-command-");
  EXPECT_EQ(command_name("kworker/0:1", ""), "kworker/0:1");
  EXPECT_EQ(command_name("aaaaaaaaaaaaaaa", std::string(5000, 'a')).size(), 64U);
}

TEST(usage, a_session_is_what_is_below_its_warden) {
  auto warden = process(10, 1, 5000);
  warden.waited_ticks = 7; // orphans that it has waited for
  auto shell = process(11, 10, 100);
  shell.waited_ticks = 40;
  auto zombie = process(13, 11, 3);
  zombie.state = 'Z';
  const process_table table({process(14, 12, 1), zombie, process(1, 0, 9), warden, shell,
                             process(12, 11, 20), process(20, 1, 900), process(21, 20, 800)});
  const auto sum = table.below(10, 11);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->ticks, 7U + 140U + 20U + 3U + 1U) << "the warden's own time is not the session's";
  EXPECT_EQ(sum->processes, 3U) << "a zombie is none";
  EXPECT_EQ(sum->resident_pages, 30U);
  EXPECT_EQ(sum->warden_started, 10U);
  EXPECT_EQ(sum->foreground, nullptr);
  EXPECT_FALSE(table.below(99, 0)) << "its warden is gone";
  EXPECT_EQ(table.below(21, 0)->processes, 0U);
}

TEST(usage, the_foreground_group_of_the_programs_terminal) {
  const process_table table({
      process(10, 1), on_terminal(process(11, 10), 5, 11, 12),
      on_terminal(process(13, 11), 5, 12, 12), // less, in `make | less`
      on_terminal(process(12, 11), 5, 12, 12), // make leads the group
      on_terminal(process(14, 11), 5, 14, 12), // in the background
      on_terminal(process(9, 11), 6, 9, 9),    // has made a terminal of its own
  });
  const auto sum = table.below(10, 11);
  ASSERT_TRUE(sum && sum->foreground != nullptr);
  EXPECT_EQ(sum->foreground->pid, 12);
}

TEST(usage, a_group_without_its_leader_and_a_program_without_terminal) {
  const process_table table({
      process(10, 1), process(11, 10), // the sandbox's helper
      on_terminal(process(12, 11), 5, 12, 30),
      on_terminal(process(31, 12), 5, 30, 30), // 30 has ended
  });
  const auto sum = table.below(10, 11);
  ASSERT_TRUE(sum && sum->foreground != nullptr);
  EXPECT_EQ(sum->foreground->pid, 31);
}

TEST(usage, lines_that_make_no_tree_end) {
  // Read while numbers were given anew: each is the other's parent.
  const process_table table({process(10, 12), process(11, 10), process(12, 11), process(13, 13)});
  const auto sum = table.below(10, 11);
  ASSERT_TRUE(sum);
  EXPECT_EQ(sum->processes, 2U);
  const process_table own({process(10, 1), process(11, 12), process(12, 11)});
  EXPECT_EQ(own.below(10, 11)->processes, 0U);
  EXPECT_LE(own.below(11, 11)->processes, 4U);
}

TEST(usage, cpu_percent_is_of_one_cpu_and_never_negative) {
  EXPECT_DOUBLE_EQ(cpu_percent(1000ms, 2000ms, 1s), 100);
  EXPECT_DOUBLE_EQ(cpu_percent(0ms, 4000ms, 2s), 200);
  EXPECT_DOUBLE_EQ(cpu_percent(500ms, 500ms, 1s), 0);
  EXPECT_DOUBLE_EQ(cpu_percent(500ms, 400ms, 1s), 0);
  EXPECT_DOUBLE_EQ(cpu_percent(0ms, 10ms, 0ns), 10);
  EXPECT_DOUBLE_EQ(cpu_percent(0ms, 10ms, -5s), 10);
}

TEST(usage, sampling_takes_a_twentieth_of_the_time_at_most) {
  EXPECT_EQ(pause_after_sample(0ns), 1s);
  EXPECT_EQ(pause_after_sample(50ms), 1s);
  EXPECT_EQ(pause_after_sample(200ms), 4s);
}

} // namespace
} // namespace roost::terminal
