#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "actors/terminal/sandbox/sandbox.hpp"

namespace roost::terminal {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

seen_path everything_is_there(const std::string& path) {
  if (path == "/etc/resolv.conf")
    return {path, path_kind::file};
  return {path, path_kind::folder};
}

sandbox_request request() {
  sandbox_request wanted;
  wanted.executable = "/usr/bin/make";
  wanted.argv = {"make", "-j2", "a b"};
  wanted.cwd = "/srv/project";
  wanted.home = "/home/ada";
  wanted.uid = 1000;
  wanted.data_dir = "/home/ada/.local/state/roost";
  wanted.bwrap = "/usr/bin/bwrap";
  return wanted;
}

sandbox_plan plan(std::string_view profile, const sandbox_request& wanted = request()) {
  return plan_sandbox(find_sandbox_profile({}, profile).value(), wanted, everything_is_there)
      .value();
}

/// The options as one line.
std::string words(const sandbox_plan& of) {
  auto out = " " + of.options;
  for (auto& c : out)
    if (c == '\0')
      c = ' ';
  return out;
}

TEST(sandbox_plan, none_is_the_program_itself) {
  const auto made = plan("none");
  EXPECT_FALSE(made.is_sandboxed);
  EXPECT_EQ(made.executable, "/usr/bin/make");
  EXPECT_THAT(made.argv, ElementsAre("make", "-j2", "a b"));
  EXPECT_EQ(made.folder, "/srv/project");
  EXPECT_THAT(made.descriptors, IsEmpty());
  EXPECT_THAT(made.unset, IsEmpty());
  EXPECT_THAT(made.set, IsEmpty());
}

TEST(sandbox_plan, the_command_is_the_keepers_stage_with_the_program) {
  const auto made = plan("workspace");
  EXPECT_TRUE(made.is_sandboxed);
  EXPECT_EQ(made.executable, "/usr/bin/bwrap");
  using enum sandbox_descriptor;
  EXPECT_THAT(made.descriptors, ElementsAre(options, keeper, filter));
  EXPECT_THAT(made.argv, ElementsAre("bwrap", "--args", "3", "--", "/proc/self/fd/4", "--stage",
                                     "6", "/usr/bin/make", "-j2", "a b"));
  EXPECT_EQ(made.folder, "/");
  EXPECT_THAT(words(made), HasSubstr(" --add-seccomp-fd 5 "));
}

TEST(sandbox_plan, without_a_filter_the_report_comes_earlier) {
  auto profile = find_sandbox_profile({}, "workspace").value();
  profile.seccomp = system_call_filter::none;
  const auto made = plan_sandbox(profile, request(), everything_is_there).value();
  EXPECT_EQ(made.descriptors.size(), 2U);
  EXPECT_EQ(made.argv[6], "5");
  EXPECT_THAT(words(made), Not(HasSubstr("seccomp")));
}

TEST(sandbox_plan, the_profiles_are_what_they_say) {
  for (const auto* profile : {"workspace", "isolated"})
    EXPECT_THAT(words(plan(profile)),
                AllOf(HasSubstr(" --unshare-user "), HasSubstr(" --unshare-pid "),
                      HasSubstr(" --unshare-ipc "), HasSubstr(" --unshare-uts "),
                      HasSubstr(" --die-with-parent "), HasSubstr(" --cap-drop ALL "),
                      HasSubstr(" --chdir /srv/project "), Not(HasSubstr("--new-session"))));
  EXPECT_THAT(words(plan("workspace")),
              AllOf(Not(HasSubstr("--unshare-net")), Not(HasSubstr("--disable-userns")),
                    Not(HasSubstr(" --remount-ro / "))));
  EXPECT_THAT(words(plan("isolated")),
              AllOf(HasSubstr(" --unshare-net "), HasSubstr(" --disable-userns "),
                    HasSubstr(" --remount-ro / ")));
}

TEST(sandbox_plan, the_limit_of_processes_is_set_inside_unless_a_cgroup_does_it) {
  EXPECT_THAT(plan("isolated").argv,
              ElementsAre("bwrap", "--args", "3", "--", "/proc/self/fd/4", "--stage", "6",
                          "--processes", "512", "/usr/bin/make", "-j2", "a b"));
  auto wanted = request();
  wanted.has_cgroups = true;
  EXPECT_THAT(plan("isolated", wanted).argv, Not(Contains("--processes")));
  EXPECT_THAT(plan("isolated", wanted).limits.cgroup, Contains("pids.max=512"));
  wanted = request();
  wanted.uid = 0;
  EXPECT_THAT(plan("isolated", wanted).argv, Not(Contains("--processes")));
}

TEST(sandbox_plan, the_lower_of_two_limits_wins) {
  auto wanted = request();
  wanted.has_cgroups = true;
  wanted.limits = {.processes = 100, .memory = std::uint64_t{64} << 30};
  EXPECT_THAT(plan("isolated", wanted).limits.cgroup,
              ElementsAre("pids.max=100", "memory.max=4294967296"));
  EXPECT_THAT(plan("workspace", wanted).limits.cgroup,
              ElementsAre("pids.max=100", "memory.max=68719476736"));
  EXPECT_THAT(plan("none", wanted).limits.cgroup,
              ElementsAre("pids.max=100", "memory.max=68719476736"));
}

TEST(sandbox_plan, files_in_memory_are_bounded_with_the_memory) {
  EXPECT_THAT(words(plan("isolated")), HasSubstr(" --size 4294967296 --tmpfs /tmp "));
  EXPECT_THAT(words(plan("workspace")), HasSubstr(" --perms 1777 --tmpfs /tmp "));
}

TEST(sandbox_plan, for_root_the_kernels_files_are_read_only) {
  auto wanted = request();
  EXPECT_THAT(words(plan("workspace", wanted)), Not(HasSubstr("--remount-ro /proc ")));
  wanted.uid = 0;
  EXPECT_THAT(words(plan("workspace", wanted)), HasSubstr(" --remount-ro /proc "));
}

TEST(sandbox_plan, ways_to_hidden_services_are_taken_from_the_environment) {
  const auto made = plan("isolated");
  EXPECT_THAT(made.unset, AllOf(Contains("ROOST_SERVER"), Contains("SSH_AUTH_SOCK"),
                                Contains("DBUS_SESSION_BUS_ADDRESS"), Contains("TMPDIR")));
  EXPECT_THAT(made.set, ElementsAre(Pair("HOME", "/home/ada"), Pair("ROOST_SANDBOX", "isolated")));
}

TEST(sandbox_plan, without_bubblewrap_nothing_is_planned) {
  auto wanted = request();
  wanted.bwrap.clear();
  const auto made =
      plan_sandbox(find_sandbox_profile({}, "workspace").value(), wanted, everything_is_there);
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().is(terminal_error::sandbox_unavailable));
  EXPECT_THAT(made.error().detail, HasSubstr("bubblewrap is not installed"));
  EXPECT_FALSE(plan("none", wanted).is_sandboxed); // which needs none
}

TEST(sandbox_plan, its_descriptors_hold_what_was_planned) {
  const auto made = plan("isolated");
  const auto opened = open_descriptors(made, "/bin/true");
  ASSERT_TRUE(opened.has_value());
  ASSERT_EQ(opened->size(), 3U);
  const auto contents = [&](std::size_t index) {
    std::string text(made.options.size() + made.filter.size(), '\0');
    const auto n = ::read((*opened)[index].get(), text.data(), text.size()); // from the beginning
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  };
  EXPECT_EQ(contents(0), made.options);
  EXPECT_EQ(contents(2), made.filter);
  EXPECT_TRUE(
      open_descriptors(made, "/nowhere/keeper").error().is(terminal_error::sandbox_unavailable));
}

} // namespace
} // namespace roost::terminal
