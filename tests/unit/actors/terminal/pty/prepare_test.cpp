#include <gtest/gtest.h>

#include <sys/stat.h>

#include "actors/terminal/pty/prepare.hpp"
#include "tests/support/temp_folder.hpp"

namespace roost::terminal {
namespace {

class prepare_test : public ::testing::Test {
protected:
  prepare_test() {
    context_.server = {{"PATH", "/usr/bin:/bin"}, {"HOME", home_.path()}, {"SHELL", "/bin/sh"}};
    context_.user = {"ada", home_.path(), "/bin/sh"};
    context_.identity = {"s1", "", "0"};
  }

  result<prepared_spawn> prepare_with(std::vector<std::string> command, std::string cwd = "/") {
    spawn_request request;
    request.command = std::move(command);
    request.cwd = std::move(cwd);
    return prepare(request, context_);
  }

  void expect_error(const result<prepared_spawn>& out, terminal_error code, std::string_view text) {
    ASSERT_FALSE(out) << text;
    EXPECT_TRUE(out.error().is(code)) << out.error().detail;
    EXPECT_NE(out.error().detail.find(text), std::string::npos) << out.error().detail;
  }

  test::temp_folder home_;
  spawn_context context_;
};

TEST_F(prepare_test, finds_a_command_in_the_sessions_path) {
  const auto out = prepare_with({"env", "-u", "X"});
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_EQ(out->executable, "/usr/bin/env");
  EXPECT_EQ(out->argv, (std::vector<std::string>{"env", "-u", "X"}));
  EXPECT_EQ(out->command, out->argv);
  EXPECT_EQ(out->cwd, "/");
}

TEST_F(prepare_test, looks_in_the_path_the_caller_set) {
  home_.file("mine", "#!/bin/sh\n", 0755);
  spawn_request request;
  request.command = {"mine"};
  request.env = {{"PATH", "/nowhere:" + home_.path()}};
  const auto out = prepare(request, context_);
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_EQ(out->executable, home_ / "mine");
}

TEST_F(prepare_test, relative_paths_start_in_the_sessions_folder) {
  home_.folder("sub/bin");
  home_.file("sub/tool", "#!/bin/sh\n", 0755);
  home_.file("sub/bin/other", "#!/bin/sh\n", 0755);
  const auto direct = prepare_with({"./tool"}, home_ / "sub");
  ASSERT_TRUE(direct) << direct.error().detail;
  EXPECT_EQ(direct->executable, home_.path() + "/sub/./tool");
  context_.server.set("PATH", "bin");
  EXPECT_TRUE(prepare_with({"other"}, home_ / "sub"));
  context_.server.set("PATH", ":/usr/bin"); // an empty element is the current folder
  EXPECT_TRUE(prepare_with({"tool"}, home_ / "sub"));
}

TEST_F(prepare_test, tells_apart_why_a_command_cannot_run) {
  home_.file("text", "hello", 0644);
  home_.folder("folder");
  ASSERT_EQ(::mkfifo((home_ / "pipe").c_str(), 0755), 0);
  expect_error(prepare_with({"no-such-command"}), terminal_error::command_not_found,
               "\"no-such-command\" was not found in the session's PATH");
  expect_error(prepare_with({"/no/such"}), terminal_error::command_not_found,
               "\"/no/such\" does not exist");
  expect_error(prepare_with({home_ / "text"}), terminal_error::command_not_executable, "chmod +x");
  expect_error(prepare_with({home_ / "text/x"}), terminal_error::command_not_found,
               "does not exist");
  expect_error(prepare_with({home_ / "folder"}), terminal_error::command_not_executable,
               "is a folder");
  expect_error(prepare_with({home_ / "pipe"}), terminal_error::command_not_executable,
               "not a regular file");
  context_.server.set("PATH", home_.path());
  expect_error(prepare_with({"text"}), terminal_error::command_not_executable, "chmod +x");
  expect_error(prepare_with({"folder"}), terminal_error::command_not_found, "not found");
}

TEST_F(prepare_test, tells_apart_why_a_folder_cannot_be_used) {
  home_.file("text", "hello");
  expect_error(prepare_with({"env"}, "/no/such"), terminal_error::bad_cwd,
               "\"/no/such\" does not exist");
  expect_error(prepare_with({"env"}, home_ / "text"), terminal_error::bad_cwd, "is not a folder");
  expect_error(prepare_with({"env"}, "relative"), terminal_error::bad_cwd, "not an absolute path");
  expect_error(prepare_with({"env"}, std::string("/\0", 2)), terminal_error::bad_cwd, "NUL");
  expect_error(prepare_with({"env"}, "/" + std::string(5000, 'x')), terminal_error::bad_cwd,
               "too long");
}

TEST_F(prepare_test, the_home_folder_is_the_default_and_may_be_abbreviated) {
  home_.folder("sub");
  EXPECT_EQ(prepare_with({"env"}, "")->cwd, home_.path());
  EXPECT_EQ(prepare_with({"env"}, "~")->cwd, home_.path());
  EXPECT_EQ(prepare_with({"env"}, "~/sub")->cwd, home_ / "sub");
  context_.server.set("HOME", "/no/such/home");
  EXPECT_EQ(prepare_with({"env"}, "")->cwd, "/") << "a user without a home still gets a shell";
  expect_error(prepare_with({"env"}, "~"), terminal_error::bad_cwd, "does not exist");
}

TEST_F(prepare_test, refuses_absurd_sizes) {
  for (const auto& [cols, rows] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {0, 24}, {80, 0}, {4097, 24}, {80, 4097}, {65536 + 80, 24}, {4294967295u, 1}}) {
    spawn_request request;
    request.cols = cols;
    request.rows = rows;
    expect_error(prepare(request, context_), terminal_error::bad_size, std::to_string(cols) + "x");
  }
  spawn_request request;
  request.cols = 4096;
  request.rows = 1;
  EXPECT_TRUE(prepare(request, context_));
}

TEST_F(prepare_test, refuses_commands_the_system_cannot_run) {
  expect_error(prepare_with({""}), terminal_error::bad_command, "first item is empty");
  expect_error(prepare_with({std::string("e\0v", 3)}), terminal_error::bad_command, "command[0]");
  expect_error(prepare_with({"env", std::string("\0", 1)}), terminal_error::bad_command,
               "command[1]");
  expect_error(prepare_with(std::vector<std::string>(max_arguments + 1, "x")),
               terminal_error::bad_command, "4097 arguments");
  expect_error(prepare_with({"env", std::string(max_command_bytes, 'x')}),
               terminal_error::bad_command, "the most is");
  expect_error(prepare_with({"env", std::string(200 * 1024, 'x')}), terminal_error::bad_command,
               "too long for the system");
}

TEST_F(prepare_test, checks_before_it_creates_anything_and_shows_safe_text) {
  const auto out = prepare_with({"\x1b]0;x\a\xff"});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().detail.find('\x1b'), std::string::npos);
  EXPECT_EQ(out.error().detail.find('\xff'), std::string::npos);
}

TEST_F(prepare_test, an_empty_command_is_the_default_then_the_users_shell) {
  EXPECT_EQ(prepare_with({})->executable, "/bin/sh");
  context_.server.set("SHELL", "/no/such/shell");
  context_.user.shell = "/bin/bash";
  EXPECT_EQ(prepare_with({})->executable, "/bin/bash");
  context_.user.shell = "/no/such/either";
  EXPECT_EQ(prepare_with({})->executable, "/bin/sh");
  context_.default_command = {"env", "-0"};
  EXPECT_EQ(prepare_with({})->argv, (std::vector<std::string>{"env", "-0"}));
  EXPECT_EQ(prepare_with({"sleep", "1"})->argv.front(), "sleep");
}

TEST_F(prepare_test, another_user_begins_as_after_a_login) {
  const test::temp_folder theirs;
  context_.server.set("API_KEY", "secret");
  context_.identity.server = "unix:/closed/api.sock";
  context_.integration_dir = "/closed";
  context_.public_integration_dir = "/open";
  const user_record bob{"bob", theirs.path(), "/bin/bash", 1001, 1001, {1001}};
  const auto out = prepare({}, for_user(context_, bob));
  ASSERT_TRUE(out) << out.error().detail;
  EXPECT_EQ(out->executable, "/bin/bash");
  EXPECT_EQ(out->cwd, theirs.path());
  std::string all;
  for (const auto& line : out->env)
    all += line + "\n";
  for (const auto& line :
       {"HOME=" + theirs.path(), std::string("USER=bob"), std::string("LOGNAME=bob"),
        std::string("SHELL=/bin/bash"), std::string("ROOST_SHELL_INTEGRATION=/open")})
    EXPECT_NE(all.find(line + "\n"), std::string::npos) << line << " in " << all;
  for (const auto* name : {"API_KEY", "ROOST_SERVER", home_.path().c_str(), "closed"})
    EXPECT_EQ(all.find(name), std::string::npos) << name << " in " << all;
}

TEST_F(prepare_test, a_login_shell_has_the_dash_and_a_command_has_not) {
  context_.start = shell_start::login;
  EXPECT_EQ(prepare_with({})->argv.front(), "-sh");
  EXPECT_EQ(prepare_with({"sh"})->argv.front(), "sh");
}

} // namespace
} // namespace roost::terminal
