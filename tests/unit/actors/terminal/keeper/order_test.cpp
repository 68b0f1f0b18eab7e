#include "actors/terminal/keeper/order.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"

namespace roost::terminal {
namespace {

using keeper::tag;

struct read_part {
  tag what{};
  std::string bytes;
};

/// Reads the parts as the keeper does: nothing may be left over, nothing may reach beyond the end.
std::vector<read_part> parts_of(std::string_view text) {
  std::vector<read_part> out;
  while (!text.empty()) {
    keeper::part header;
    if (text.size() < sizeof header) {
      ADD_FAILURE() << "half a part at the end";
      return out;
    }
    std::memcpy(&header, text.data(), sizeof header);
    text.remove_prefix(sizeof header);
    if (text.size() < header.bytes) {
      ADD_FAILURE() << "a part that is cut off";
      return out;
    }
    EXPECT_EQ(header.reserved, 0);
    out.push_back({header.what, std::string(text.substr(0, header.bytes))});
    text.remove_prefix(header.bytes);
  }
  return out;
}

std::vector<std::string> all(const std::vector<read_part>& parts, tag what) {
  std::vector<std::string> out;
  for (const auto& x : parts)
    if (x.what == what)
      out.push_back(x.bytes);
  return out;
}

template <class Value>
Value value_of(const std::string& bytes) {
  Value out{};
  EXPECT_EQ(bytes.size(), sizeof out);
  std::memcpy(&out, bytes.data(), std::min(bytes.size(), sizeof out));
  return out;
}

prepared_spawn a_program() {
  prepared_spawn what;
  what.executable = "/usr/bin/env";
  what.argv = {"env", "-u", "X", ""};
  what.env = {"HOME=/home/ada", "SSH_AUTH_SOCK=/run/agent", "TMPDIR=/x", "TMP=1"};
  what.cwd = "/home/ada";
  what.command = what.argv;
  what.size = {132, 43};
  return what;
}

sandbox_plan no_sandbox(const prepared_spawn& what) {
  sandbox_plan plan;
  plan.executable = what.executable;
  plan.argv = what.argv;
  plan.folder = what.cwd;
  return plan;
}

using words = std::vector<std::string>;

TEST(order, says_everything_once_and_in_order) {
  const auto what = a_program();
  const auto order = make_order(what, no_sandbox(what), 4096, "/nowhere");
  ASSERT_TRUE(order) << order.error().detail;
  EXPECT_TRUE(order->fds.empty());
  const auto parts = parts_of(order->parts);
  EXPECT_EQ(all(parts, tag::executable), words{"/usr/bin/env"});
  EXPECT_EQ(all(parts, tag::argument), what.argv) << "an empty word is a word";
  EXPECT_EQ(all(parts, tag::environment), what.env);
  EXPECT_EQ(all(parts, tag::folder), words{"/home/ada"});
  ASSERT_EQ(all(parts, tag::size).size(), 1u);
  EXPECT_EQ((value_of<std::array<std::uint16_t, 2>>(all(parts, tag::size)[0])),
            (std::array<std::uint16_t, 2>{132, 43}));
  ASSERT_EQ(all(parts, tag::memory).size(), 1u);
  EXPECT_EQ(value_of<keeper::memory_wish>(all(parts, tag::memory)[0]).history, 4096u);
  for (const auto absent : {tag::sandboxed, tag::limit, tag::user, tag::group, tag::cgroup})
    EXPECT_TRUE(all(parts, absent).empty()) << static_cast<int>(absent);
}

TEST(order, another_user_has_number_groups_and_a_terminal) {
  const auto what = a_program();
  auto order = make_order(what, no_sandbox(what), 4096, "/nowhere");
  ASSERT_TRUE(order) << order.error().detail;
  const user_record ada{"ada", "/home/ada", "/bin/sh", 1000, 1001, {1001, 5}};
  add_user(*order, ada, 7);
  const auto parts = parts_of(order->parts);
  ASSERT_EQ(all(parts, tag::user).size(), 1u);
  const auto user = value_of<keeper::user_wish>(all(parts, tag::user)[0]);
  EXPECT_EQ(user.uid, 1000u);
  EXPECT_EQ(user.gid, 1001u);
  ASSERT_EQ(all(parts, tag::group).size(), 2u);
  EXPECT_EQ(value_of<std::uint32_t>(all(parts, tag::group)[1]), 5u);
  ASSERT_EQ(all(parts, tag::terminal_group).size(), 1u);
  EXPECT_EQ(value_of<std::uint32_t>(all(parts, tag::terminal_group)[0]), 7u);
  auto without = make_order(what, no_sandbox(what), 4096, "/nowhere");
  add_user(*without, ada, std::nullopt);
  EXPECT_TRUE(all(parts_of(without->parts), tag::terminal_group).empty());
}

TEST(order, a_plan_changes_command_folder_environment_and_limits) {
  const auto what = a_program();
  auto plan = no_sandbox(what);
  plan.is_sandboxed = true;
  plan.executable = "/usr/bin/bwrap";
  plan.argv = {"bwrap", "--args", "3"};
  plan.folder = "/";
  plan.unset = {"SSH_AUTH_SOCK", "NOT_THERE", "TMPDI"};
  plan.set = {{"TMP", "/tmp"}, {"ROOST_SANDBOX", "workspace"}};
  plan.limits.rlimits = {{RLIMIT_NOFILE, 1024}, {RLIMIT_DATA, std::uint64_t{1} << 40}};
  plan.limits.cgroup = {"pids.max=9", "memory.max=1"};
  const auto order = make_order(what, plan, 0, "/nowhere");
  ASSERT_TRUE(order) << order.error().detail;
  const auto parts = parts_of(order->parts);
  EXPECT_EQ(all(parts, tag::executable), words{"/usr/bin/bwrap"});
  EXPECT_EQ(all(parts, tag::argument), plan.argv);
  EXPECT_EQ(all(parts, tag::folder), words{"/"});
  EXPECT_EQ(all(parts, tag::environment),
            (words{"HOME=/home/ada", "TMPDIR=/x", "TMP=/tmp", "ROOST_SANDBOX=workspace"}))
      << "a name is compared whole";
  EXPECT_EQ(all(parts, tag::sandboxed), words{""});
  EXPECT_EQ(all(parts, tag::cgroup), plan.limits.cgroup);
  const auto limits = all(parts, tag::limit);
  ASSERT_EQ(limits.size(), 2u);
  const auto files = value_of<keeper::limit_wish>(limits[0]);
  EXPECT_EQ(files.resource, static_cast<std::uint32_t>(RLIMIT_NOFILE));
  EXPECT_EQ(files.most, 1024u);
  EXPECT_EQ(value_of<keeper::limit_wish>(limits[1]).most, std::uint64_t{1} << 40);
}

TEST(order, opens_what_a_sandbox_gets_in_its_order) {
  const auto what = a_program();
  auto plan = no_sandbox(what);
  plan.descriptors = {sandbox_descriptor::options, sandbox_descriptor::keeper};
  plan.options = "--proc";
  const auto order = make_order(what, plan, 0, "/bin/sh");
  ASSERT_TRUE(order) << order.error().detail;
  ASSERT_EQ(order->fds.size(), 2u);
  std::array<char, 16> text{};
  EXPECT_EQ(::pread(order->fds[0].get(), text.data(), text.size(), 0), 6);
  EXPECT_STREQ(text.data(), "--proc");
  const auto link = "/proc/self/fd/" + std::to_string(order->fds[1].get());
  EXPECT_TRUE(std::filesystem::equivalent(link, "/bin/sh"));

  const auto none = make_order(what, plan, 0, "/nowhere/roost-keeper");
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().is(terminal_error::sandbox_unavailable));
}

TEST(order, what_the_keeper_would_refuse_for_its_length_is_a_bad_command) {
  auto what = a_program();
  what.env.push_back("LONG=" + std::string(keeper::largest_request, 'x'));
  const auto order = make_order(what, no_sandbox(what), 0, "/nowhere");
  ASSERT_FALSE(order);
  EXPECT_TRUE(order.error().is(terminal_error::bad_command));
}

TEST(order, travels_in_a_memory_that_nobody_can_change) {
  const std::string parts(100'000, 'p');
  const auto packed = pack(parts);
  ASSERT_TRUE(packed);
  std::string back(parts.size() + 1, '\0');
  EXPECT_EQ(::pread(packed->get(), back.data(), back.size(), 0),
            static_cast<ssize_t>(parts.size()));
  EXPECT_TRUE(back.starts_with(parts));
  EXPECT_EQ(::fcntl(packed->get(), F_GET_SEALS),
            F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  EXPECT_NE(::fcntl(packed->get(), F_GETFD) & FD_CLOEXEC, 0);
}

class explain_test : public ::testing::Test {
protected:
  explain_test() {
    what_.executable = home_.file("tool", "#!/no/interpreter\n", 0755);
    what_.argv = {"tool"};
    what_.command = {"tool"};
    what_.cwd = home_.path();
  }

  [[nodiscard]] failure why(keeper::step at, int error, std::string_view text = {},
                            const std::string& profile = "none") const {
    keeper::refused refused;
    refused.at = at;
    refused.error = error;
    std::copy_n(text.begin(), std::min(text.size(), refused.text.size()), refused.text.begin());
    return explain(refused, what_, profile);
  }

  test::temp_folder home_;
  prepared_spawn what_;
};

TEST_F(explain_test, names_what_the_caller_can_change) {
  using keeper::step;
  struct refusal_case {
    step at;
    int error;
    terminal_error code;
    std::string_view part;
  };
  const refusal_case cases[] = {
      {step::terminal, ENOSPC, terminal_error::pty_exhausted, "pseudo-terminals"},
      {step::terminal, EMFILE, terminal_error::pty_exhausted, "open files"},
      {step::terminal, ENFILE, terminal_error::pty_exhausted, "open files"},
      {step::terminal, EIO, terminal_error::spawn_failed, "error 5"},
      {step::memory, EINVAL, terminal_error::spawn_failed, "history"},
      {step::process, EAGAIN, terminal_error::process_limit, "processes"},
      {step::process, EMFILE, terminal_error::pty_exhausted, "open files"},
      {step::process, ECANCELED, terminal_error::spawn_failed, "try again"},
      {step::limit, EPERM, terminal_error::process_limit, "limit"},
      {step::folder, EACCES, terminal_error::bad_cwd, "folder"},
      {step::program, E2BIG, terminal_error::bad_command, "too long"},
      {step::program, ENOEXEC, terminal_error::command_not_executable, "this machine"},
      {step::program, ELIBBAD, terminal_error::command_not_executable, "this machine"},
      {step::program, EIO, terminal_error::spawn_failed, "error 5"},
      {step::id, EEXIST, terminal_error::spawn_failed, "step 2"},
      {step::user, EPERM, terminal_error::run_as_unavailable, "SETUID"},
      {step::user, EINVAL, terminal_error::run_as_unavailable, "error 22"},
      {step::packet, 0, terminal_error::spawn_failed, "step 1"},
      {static_cast<step>(99), 7, terminal_error::spawn_failed, "step 99, error 7"},
  };
  for (const auto& x : cases) {
    const auto told = why(x.at, x.error);
    EXPECT_TRUE(told.is(x.code)) << told.detail;
    EXPECT_NE(told.detail.find(x.part), std::string::npos) << told.detail;
  }
}

TEST_F(explain_test, looks_again_at_what_was_in_order) {
  const auto still_there = why(keeper::step::program, ENOENT);
  EXPECT_TRUE(still_there.is(terminal_error::command_not_executable)) << still_there.detail;
  EXPECT_NE(still_there.detail.find("interpreter"), std::string::npos);

  std::filesystem::remove(what_.executable);
  const auto gone = why(keeper::step::program, ENOENT);
  EXPECT_TRUE(gone.is(terminal_error::command_not_found)) << gone.detail;
  EXPECT_NE(gone.detail.find("tool"), std::string::npos);

  what_.cwd = home_ / "sub";
  EXPECT_TRUE(why(keeper::step::program, ENOENT).is(terminal_error::bad_cwd));
}

TEST_F(explain_test, speaks_of_the_sandbox_when_there_is_one) {
  const auto program = why(keeper::step::program, ENOENT, {}, "workspace");
  EXPECT_TRUE(program.is(terminal_error::command_not_found));
  EXPECT_NE(program.detail.find("workspace"), std::string::npos) << program.detail;

  const auto sandbox = why(keeper::step::sandbox, 0, "bwrap: Unknown option --x", "isolated");
  EXPECT_TRUE(sandbox.is(terminal_error::sandbox_unavailable));
  EXPECT_NE(sandbox.detail.find("isolated"), std::string::npos);
  EXPECT_NE(sandbox.detail.find("too old"), std::string::npos) << "its words were read";
  EXPECT_EQ(sandbox.detail.find("--x"), std::string::npos) << "but are not passed on";

  // A text that fills its field has no zero at the end.
  const std::string full(keeper::refused{}.text.size(), 'x');
  EXPECT_TRUE(
      why(keeper::step::sandbox, 0, full, "isolated").is(terminal_error::sandbox_unavailable));
}

} // namespace
} // namespace roost::terminal
