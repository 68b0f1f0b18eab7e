// What programs meet in each profile, tried with bubblewrap and the kernel: as root and as a user
// without rights where the tests run as root, else as whoever runs them.
#include "actors/terminal/sandbox/sandbox.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/actors/terminal/sandbox/sandbox_run.hpp"

namespace roost::terminal {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

sandbox_profile profile_named(std::string_view name) {
  return find_sandbox_profile({}, name).value();
}

std::string names_of(const testing::TestParamInfo<uid_t>& info) {
  return info.param == 0 ? "root" : "uid_" + std::to_string(info.param);
}

/// Runs as each of the users.
class sandbox : public testing::TestWithParam<uid_t> {
protected:
  sandbox() : world_(GetParam()) {}

  sandbox_plan plan(const sandbox_profile& profile, const sandbox_request& request) {
    auto planned = plan_sandbox(profile, request);
    EXPECT_TRUE(planned.has_value()) << planned.error().detail;
    return std::move(planned).value();
  }

  /// Runs to the end; gives the output.
  std::string run(const sandbox_profile& profile, const sandbox_request& request,
                  int expected_status = 0) {
    sandbox_run made(world_, plan(profile, request));
    EXPECT_EQ(made.finish(), expected_status) << made.output();
    EXPECT_EQ(made.has_begun(), profile.base != sandbox_base::none) << made.output();
    return made.output();
  }

  /// Tries each and gives what came of it.
  std::map<std::string, std::string> try_all(const sandbox_profile& profile,
                                             std::vector<std::string> attempts) {
    attempts.insert(attempts.begin(), world_.attempts());
    std::istringstream lines(run(profile, world_.request(attempts)));
    std::map<std::string, std::string> out;
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r'))
        line.pop_back();
      const auto space = line.rfind(' ');
      if (space != std::string::npos)
        out[line.substr(0, space)] = line.substr(space + 1);
    }
    return out;
  }

  void expect_each(const sandbox_profile& profile,
                   const std::vector<std::pair<std::string, std::string>>& expected) {
    std::vector<std::string> names;
    for (const auto& [name, outcome] : expected)
      names.push_back(name);
    auto came = try_all(profile, names);
    for (const auto& [name, outcome] : expected)
      EXPECT_EQ(came[name], outcome) << profile.name << ": " << name;
  }

  sandbox_world world_;
};

INSTANTIATE_TEST_SUITE_P(users, sandbox, testing::ValuesIn(users_to_try()), names_of);

TEST_P(sandbox, isolated_has_no_network) {
  const unique_fd outside(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  ASSERT_EQ(::bind(outside.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
  ASSERT_EQ(::listen(outside.get(), 8), 0);
  ASSERT_EQ(::getsockname(outside.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const auto port = std::to_string(ntohs(name.sin_port));
  expect_each(profile_named("isolated"), {{"network", "ENODEV"},
                                          {"tcp=" + port, "ECONNREFUSED"},
                                          {"socket=17", "EPERM"},   // AF_PACKET
                                          {"socket=38", "EPERM"},   // AF_ALG
                                          {"socket=40", "EPERM"}}); // AF_VSOCK
  expect_each(profile_named("workspace"), {{"tcp=" + port, "done"}});
}

TEST_P(sandbox, isolated_sees_no_process_of_others) {
  const auto outer = std::to_string(::getpid());
  // bubblewrap's first process, and the program itself.
  expect_each(profile_named("isolated"), {{"others=2", "ESRCH"}, {"kill=" + outer, "ESRCH"}});
  expect_each(profile_named("workspace"), {{"others=2", "ESRCH"}, {"kill=" + outer, "ESRCH"}});
}

TEST_P(sandbox, the_servers_own_folder_is_not_there_in_any_profile) {
  const auto data = world_.data_dir();
  const std::vector<std::pair<std::string, std::string>> hidden = {
      {"list=" + data + "/keeper", "ENOENT"},
      {"see=" + data + "/tokens", "ENOENT"},
      {"unix=" + data + "/api.sock", "ENOENT"},
      {"unix=" + data + "/keeper/keeper.sock", "ENOENT"},
      {"see=/proc/1/root" + data + "/tokens", "ENOENT"},
      {"see=/proc/self/cwd/../.local/state/roost/tokens", "ENOENT"},
      {"read=" + data + "/shell/bash.sh", "done"}, // what the session needs of it
  };
  auto writable_home = profile_named("workspace");
  writable_home.name = "writable-home";
  writable_home.home = home_access::keep;
  auto readable_home = profile_named("isolated");
  readable_home.name = "readable-home";
  readable_home.home = home_access::read_only;
  for (const auto& profile :
       {profile_named("workspace"), profile_named("isolated"), writable_home, readable_home})
    expect_each(profile, hidden);
}

TEST_P(sandbox, a_server_of_roots_may_keep_its_folder_where_the_user_cannot_go) {
  const auto closed = world_.at("closed");
  std::filesystem::create_directories(closed + "/roost/shell");
  ::chmod(closed.c_str(), 0700); // root's, if the tests are
  auto request = world_.request({world_.attempts(), "list=" + closed, "create=/tmp/x"});
  request.data_dir = closed + "/roost";
  request.shared = {closed + "/roost/shell"};
  for (const auto* profile : {"workspace", "isolated"})
    EXPECT_THAT(run(profile_named(profile), request), HasSubstr("create=/tmp/x done"));
}

TEST_P(sandbox, nothing_that_holds_the_servers_folder_can_be_moved_away) {
  auto profile = profile_named("workspace");
  profile.name = "writable-home";
  profile.home = home_access::keep;
  expect_each(profile, {{"rename=" + world_.at("home/.local"), "EBUSY"},
                        {"rename=" + world_.at("home/.local/state"), "EBUSY"},
                        {"rename=" + world_.data_dir(), "EBUSY"},
                        {"create=" + world_.data_dir() + "/x", "EROFS"},
                        {"create=" + world_.at("home/x"), "done"},
                        {"rename=" + world_.at("home/x"), "done"}});
}

TEST_P(sandbox, whoever_makes_namespaces_in_a_workspace_cannot_lift_what_hides) {
  // Root would have to write its map of users in /proc, which is read-only for root.
  const bool is_root = GetParam() == 0;
  const auto came = try_all(profile_named("workspace"),
                            {"nested_mount", "nested_umount=" + world_.data_dir(),
                             "nested_bind=" + world_.at("home"),
                             "nested_overlay=" + world_.at("home"), "nested_umount=/run"});
  ASSERT_EQ(came.size(), 5U);
  for (const auto& [name, outcome] : came)
    EXPECT_EQ(outcome, is_root ? "ENOSYS" : name == "nested_mount" ? "done" : "EINVAL") << name;
}

TEST_P(sandbox, isolated_has_an_empty_home_and_a_writable_project) {
  expect_each(profile_named("isolated"), {{"see=" + world_.at("home/secret"), "ENOENT"},
                                          {"see=" + world_.at("elsewhere/file"), "ENOENT"},
                                          {"unix=" + world_.at("elsewhere/other.sock"), "ENOENT"},
                                          {"see=/home", "ENOENT"},
                                          {"see=/sys", "ENOENT"},
                                          {"list=/run", "ENOENT"},
                                          {"create=" + world_.at("home/x"), "done"},
                                          {"create=" + world_.at("home/project/x"), "done"},
                                          {"create=/tmp/x", "done"},
                                          {"create=/dev/shm/x", "done"},
                                          {"touch=/dev/x", "EROFS"},
                                          {"touch=/x", "EROFS"}});
  EXPECT_TRUE(std::filesystem::exists(world_.at("home/project/x")));
  EXPECT_FALSE(std::filesystem::exists(world_.at("home/x")));
}

TEST_P(sandbox, workspace_reads_the_system_and_writes_the_project_only) {
  // Not under /tmp, which every sandbox has for itself.
  expect_each(profile_named("workspace"), {{"read=/etc/passwd", "done"},
                                           {"see=/usr/bin/env", "done"},
                                           {"touch=/usr/x", "EROFS"},
                                           {"touch=/etc/x", "EROFS"},
                                           {"touch=/var/lib/x", "EROFS"},
                                           {"read=" + world_.at("home/secret"), "done"},
                                           {"create=" + world_.at("home/x"), "EROFS"},
                                           {"create=" + world_.at("home/project/x"), "done"},
                                           {"create=/tmp/x", "done"},
                                           {"see=" + world_.at("elsewhere"), "ENOENT"},
                                           {"list=/run", "ENOENT"}});
}

TEST_P(sandbox, isolated_refuses_what_reaches_beyond_it) {
  expect_each(profile_named("isolated"), {{"ptrace", "EPERM"},
                                          {"process_vm", "EPERM"},
                                          {"mount", "EPERM"},
                                          {"umount=" + world_.data_dir(), "EPERM"},
                                          {"remount=/usr", "EPERM"},
                                          {"fsopen", "EPERM"},
                                          {"chroot", "EPERM"},
                                          {"keyctl", "EPERM"},
                                          {"add_key", "EPERM"},
                                          {"tiocsti", "EPERM"},
                                          {"tiocsti_high", "EPERM"},
                                          {"tioclinux", "EPERM"},
                                          {"init_module", "EPERM"},
                                          {"unshare", "EPERM"},
                                          {"setns", "EPERM"},
                                          {"clone_user", "EPERM"},
                                          {"clone3", "ENOSYS"},
                                          {"io_uring", "EPERM"},
                                          {"bpf", "EPERM"},
                                          {"perf", "EPERM"},
                                          {"userfaultfd", "EPERM"},
                                          {"handle", "EPERM"},
                                          {"newest", "ENOSYS"},
                                          {"personality=40000", "EPERM"},
                                          {"personality=ffffffff", "done"},
                                          {"personality=0", "done"},
                                          {"socket=16", "done"}}); // AF_NETLINK
}

TEST_P(sandbox, workspace_refuses_keyrings_and_modules_but_debuggers_work) {
  expect_each(profile_named("workspace"), {{"ptrace", "done"},
                                           {"process_vm", "done"},
                                           {"personality=40000", "done"},
                                           {"mount", "EPERM"},
                                           {"keyctl", "EPERM"},
                                           {"tiocsti", "EPERM"},
                                           {"tiocsti_high", "EPERM"},
                                           {"tioclinux", "EPERM"},
                                           {"init_module", "EPERM"},
                                           {"bpf", "EPERM"},
                                           {"userfaultfd", "EPERM"},
                                           {"handle", "EPERM"}});
}

TEST_P(sandbox, the_kernels_settings_cannot_be_written_not_even_by_root) {
  const auto refused = AnyOf("EROFS", "EACCES", "EPERM", "ENOENT");
  for (const auto* profile : {"workspace", "isolated"}) {
    const auto came =
        try_all(profile_named(profile),
                {"write=/proc/sys/kernel/core_pattern", "write=/proc/sysrq-trigger",
                 "write=/proc/sys/kernel/modprobe", "write=/sys/kernel/uevent_helper"});
    EXPECT_EQ(came.size(), 4U);
    for (const auto& [name, outcome] : came)
      EXPECT_THAT(outcome, refused) << profile << ": " << name;
  }
}

TEST_P(sandbox, a_program_gets_no_descriptor_of_the_sandboxs) {
  for (const auto* profile : {"workspace", "isolated"})
    expect_each(profile_named(profile), {{"descriptors", "EBADF"}});
}

TEST_P(sandbox, a_program_is_still_its_user_on_the_same_machine) {
  const auto request = world_.request({"/bin/sh", "-c", "id -u; uname -n; pwd; echo $HOME"});
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  for (const auto* profile : {"workspace", "isolated"})
    EXPECT_EQ(run(profile_named(profile), request),
              std::to_string(GetParam()) + "\r\n" + host.data() + "\r\n" +
                  world_.at("home/project") + "\r\n" + world_.at("home") + "\r\n");
}

TEST_P(sandbox, the_exit_status_comes_through) {
  for (const auto* profile : {"none", "workspace", "isolated"}) {
    run(profile_named(profile), world_.request({"/bin/sh", "-c", "exit 7"}), 7);
    run(profile_named(profile), world_.request({"/bin/sh", "-c", "kill -KILL $$"}), 128 + 9);
  }
}

TEST_P(sandbox, the_keepers_own_program_begins_it) {
  for (const auto* name : {"workspace", "isolated"}) {
    auto profile = profile_named(name);
    profile.limits = {}; // a keeper with a sanitizer maps more than any
    sandbox_run made(world_, plan(profile, world_.request({"/bin/echo", "well", "begun"})),
                     ROOST_KEEPER);
    EXPECT_EQ(made.finish(), 0);
    EXPECT_TRUE(made.has_begun());
    EXPECT_EQ(made.output(), "well begun\r\n");
    sandbox_run missing(world_, plan(profile, world_.request({"/nowhere/program"})), ROOST_KEEPER);
    EXPECT_NE(missing.finish(), 0);
    EXPECT_FALSE(missing.has_begun());
  }
}

TEST_P(sandbox, limits_hold) {
  auto profile = profile_named("isolated");
  profile.limits = {.processes = 40, .memory = std::uint64_t{128} << 20};
  profile.limits.file_size = 64 << 10;
  auto came = try_all(profile, {"memory=64", "memory=256", "processes=20", "processes=100"});
  EXPECT_EQ(came["memory=64"], "done");
  EXPECT_EQ(came["memory=256"], "ENOMEM");
  EXPECT_EQ(came["processes=20"], "done");
  // Root is exempt, and the plan says so.
  EXPECT_EQ(came["processes=100"], GetParam() == 0 ? "done" : "EAGAIN");
  const auto limits = plan(profile, world_.request({"/bin/true"})).limits.enforced;
  ASSERT_FALSE(limits.empty());
  EXPECT_EQ(limits[0].name, "processes");
  EXPECT_EQ(limits[0].by, GetParam() == 0 ? limit_enforcer::none : limit_enforcer::rlimit);
  EXPECT_THAT(run(profile, world_.request({"/bin/sh", "-c",
                                           "head -c 1M /dev/zero > big; echo $?; wc -c < big"})),
              HasSubstr("65536"));
}

TEST_P(sandbox, a_fork_bomb_ends_with_the_sandboxs_first_process) {
  auto profile = profile_named("isolated");
  profile.limits = {.processes = 60};
  sandbox_run bomb(world_, plan(profile, world_.request({world_.attempts(), "bomb"})));
  if (GetParam() == 0) { // without a limit there is no bomb; see attempts.c
    EXPECT_TRUE(bomb.wait_for("bomb EPERM")) << bomb.output();
    return;
  }
  ASSERT_TRUE(bomb.wait_for("bomb starts")) << bomb.output();
  ASSERT_EQ(::kill(bomb.pid(), SIGKILL), 0);
  EXPECT_EQ(bomb.finish(), 128 + 9);
  EXPECT_TRUE(world_.wait_until_nobody_runs_attempts());
}

} // namespace
} // namespace roost::terminal
