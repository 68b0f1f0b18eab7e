#include "actors/terminal/sandbox/mounts.hpp"

#include <map>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include "actors/terminal/sandbox/sandbox.hpp"
#include "tests/support/temp_folder.hpp"

namespace roost::terminal {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Not;
using enum mount_kind;

/// A file system of names only.
class names {
public:
  names() {
    for (const auto* folder : {"/",
                               "/usr",
                               "/usr/bin",
                               "/etc",
                               "/home/ada",
                               "/home/ada/project",
                               "/home/ada/.ssh",
                               "/home/ada/.local/state/roost",
                               "/home/ada/.local/state/roost/shell",
                               "/home/ada/.local/state",
                               "/srv/work",
                               "/srv",
                               "/run",
                               "/tmp",
                               "/tmp/here",
                               "/var/tmp",
                               "/var",
                               "/proc",
                               "/dev",
                               "/sys",
                               "/home",
                               "/data/roost"})
      at_[folder] = {folder, path_kind::folder};
    for (const auto* file : {"/etc/resolv.conf", "/home/ada/.netrc"})
      at_[file] = {file, path_kind::file};
    at_["/bin"] = {"/usr/bin", path_kind::folder};
    at_["/var/run"] = {"/run", path_kind::folder};
  }
  void link(const std::string& from, const std::string& to, path_kind kind = path_kind::folder) {
    at_[from] = {to, kind};
  }
  void close(const std::string& path, const std::string& at) {
    at_[path] = {path, path_kind::folder, at};
  }
  seen_path operator()(const std::string& path) const {
    const auto found = at_.find(path);
    return found == at_.end() ? seen_path{path, path_kind::missing} : found->second;
  }

private:
  std::map<std::string, seen_path> at_;
};

sandbox_profile profile(std::string_view name) { return find_sandbox_profile({}, name).value(); }

class mounts : public testing::Test {
protected:
  result<mount_plan> plan(const sandbox_profile& of) { return plan_mounts(of, request_, names_); }
  std::vector<mount_row> rows(const sandbox_profile& of) { return plan(of).value().rows; }

  names names_;
  mount_request request_{.cwd = "/home/ada/project",
                         .home = "/home/ada",
                         .secret = {"/home/ada/.local/state/roost"},
                         .shared = {"/home/ada/.local/state/roost/shell"}};
};

testing::Matcher<std::vector<mount_row>> has(mount_kind kind, const std::string& path) {
  return Contains(mount_row{kind, path});
}
testing::Matcher<std::vector<mount_row>> says_nothing_of(const std::string& path) {
  return Not(Contains(testing::Field(&mount_row::path, path)));
}

TEST_F(mounts, is_within_knows_names_from_beginnings_of_names) {
  EXPECT_TRUE(is_within("/a/b", "/a"));
  EXPECT_TRUE(is_within("/a", "/a"));
  EXPECT_TRUE(is_within("/a", "/"));
  EXPECT_FALSE(is_within("/ab", "/a"));
  EXPECT_FALSE(is_within("/", "/a"));
}

TEST_F(mounts, workspace_is_the_system_read_only_with_a_writable_project) {
  EXPECT_THAT(rows(profile("workspace")),
              AllOf(has(read_only, "/"), has(read_only, "/home/ada"),
                    has(writable, "/home/ada/project"), has(empty, "/tmp"), has(empty, "/var/tmp"),
                    has(hidden, "/run"), has(processes, "/proc"), has(devices, "/dev"),
                    has(hidden, "/home/ada/.local/state/roost"),
                    has(read_only, "/home/ada/.local/state/roost/shell")));
}

TEST_F(mounts, isolated_is_programs_a_project_and_nothing_else) {
  EXPECT_THAT(rows(profile("isolated")),
              AllOf(says_nothing_of("/"), has(read_only, "/usr"), has(read_only, "/etc"),
                    has(empty, "/home/ada"), has(writable, "/home/ada/project"),
                    // Its name is not given away where nothing is seen anyway.
                    says_nothing_of("/home/ada/.local/state/roost"), says_nothing_of("/sys")));
  EXPECT_THAT(rows(profile("isolated")), Contains(mount_row{link, "/bin", "/usr/bin"}));
}

TEST_F(mounts, parents_come_before_what_is_in_them) {
  const auto made = rows(profile("workspace"));
  for (std::size_t i = 0; i < made.size(); ++i)
    for (std::size_t later = i + 1; later < made.size(); ++later)
      EXPECT_FALSE(is_within(made[i].path, made[later].path))
          << made[later].path << " would cover " << made[i].path;
}

TEST_F(mounts, a_home_or_what_holds_one_is_not_made_writable_by_starting_there) {
  for (const auto* cwd :
       {"/home/ada", "/home", "/", "/home/ada/.local/state", "/usr", "/usr/bin", "/etc", "/var"}) {
    request_.cwd = cwd;
    EXPECT_THAT(rows(profile("workspace")), Not(has(writable, cwd))) << cwd;
    EXPECT_EQ(plan(profile("workspace")).value().cwd, cwd);
    EXPECT_THAT(rows(profile("isolated")), Not(has(writable, cwd))) << cwd;
  }
  const auto secret = std::exchange(request_.secret, {"/data/roost"});
  for (const auto* cwd : {"/home/ada", "/home"}) { // not for the secret's sake only
    request_.cwd = cwd;
    EXPECT_THAT(rows(profile("workspace")), Not(has(writable, cwd))) << cwd;
  }
  request_.secret = secret;
  request_.cwd = "/home/ada/.local/state"; // isolated does not show it
  EXPECT_EQ(plan(profile("isolated")).value().cwd, "/home/ada");
  request_.cwd = "/home/ada";
  EXPECT_THAT(rows(profile("isolated")), has(empty, "/home/ada"));
}

TEST_F(mounts, temporary_folders_are_the_sandboxs_own_but_a_project_in_them_is_the_real_one) {
  request_.cwd = "/tmp";
  EXPECT_THAT(rows(profile("isolated")), has(empty, "/tmp"));
  EXPECT_EQ(plan(profile("isolated")).value().cwd, "/tmp");
  request_.cwd = "/tmp/here";
  EXPECT_THAT(rows(profile("isolated")), AllOf(has(empty, "/tmp"), has(writable, "/tmp/here")));
}

TEST_F(mounts, nobody_starts_in_the_servers_folder_nor_where_sockets_and_devices_are) {
  for (const auto* cwd : {"/home/ada/.local/state/roost", "/home/ada/.local/state/roost/shell",
                          "/run", "/proc", "/dev", "/sys", "/nowhere"})
    for (const auto* name : {"workspace", "isolated"}) {
      request_.cwd = cwd;
      const auto made = plan(profile(name));
      ASSERT_FALSE(made.has_value()) << cwd;
      EXPECT_TRUE(made.error().is(terminal_error::bad_cwd)) << cwd;
    }
}

TEST_F(mounts, what_the_user_cannot_reach_is_hidden_from_where_it_is_closed) {
  names_.close("/home/root/state/roost", "/home/root");
  request_.secret = {"/home/root/state/roost"};
  request_.shared = {"/home/root/state/roost"};
  EXPECT_THAT(rows(profile("workspace")),
              AllOf(has(hidden, "/home/root"), says_nothing_of("/home/root/state/roost")));
  auto mine = profile("workspace");
  names_.close("/srv/closed/keys", "/srv/closed");
  mine.hide = {"/srv/closed/keys"};
  EXPECT_THAT(rows(mine), has(hidden, "/srv/closed"));
}

TEST(look_as, a_folder_that_is_open_to_a_group_is_closed_to_others_only) {
  const test::temp_folder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const auto inner = folder.folder("project");
  const auto file = folder.folder("project/inside");
  ASSERT_EQ(::chmod(inner.c_str(), 0710), 0);
  constexpr std::uint32_t somebody = 61000;
  const auto group = static_cast<std::uint32_t>(::getegid());
  EXPECT_EQ(look_as(somebody)(file).closed_at, inner);
  EXPECT_EQ(look_as(somebody, {group + 1, group})(file).closed_at, "");
  ASSERT_EQ(::chmod(inner.c_str(), 0701), 0);
  EXPECT_EQ(look_as(somebody)(file).closed_at, "");
  EXPECT_EQ(look_as(somebody, {group})(file).closed_at, inner) << "the group's rights, not others'";
}

TEST_F(mounts, links_do_not_lead_around_any_rule) {
  names_.link("/innocent", "/home/ada/.local/state/roost/shell");
  request_.cwd = "/innocent";
  EXPECT_TRUE(plan(profile("workspace")).error().is(terminal_error::bad_cwd));
  names_.link("/house", "/home/ada");
  request_.cwd = "/house";
  EXPECT_THAT(rows(profile("workspace")), Not(has(writable, "/home/ada")));
  request_.cwd = "/srv/work";
  names_.link("/state", "/data/roost");
  request_.secret = {"/state"};
  request_.shared = {};
  EXPECT_THAT(rows(profile("workspace")), has(hidden, "/data/roost"));
}

TEST_F(mounts, a_profiles_folders_are_shown_as_they_say) {
  auto mine = profile("isolated");
  mine.writable = {"~/.ssh"};
  mine.readable = {"/srv/work"};
  EXPECT_THAT(rows(mine), AllOf(has(writable, "/home/ada/.ssh"), has(read_only, "/srv/work")));
  mine.hide = {"~/.netrc", "/srv/nowhere"};
  EXPECT_THAT(rows(mine),
              AllOf(has(hidden_file, "/home/ada/.netrc"), says_nothing_of("/srv/nowhere")));
}

TEST_F(mounts, a_missing_folder_of_a_profile_stops_the_start) {
  auto mine = profile("isolated");
  mine.writable = {"/srv/work", "/srv/nowhere"};
  const auto made = plan(mine);
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().is(terminal_error::sandbox_unavailable));
  EXPECT_EQ(made.error().detail, "path 2 of 'writable' in the profile 'isolated' is not there");
}

TEST_F(mounts, a_working_directory_does_not_bring_back_what_a_profile_hides) {
  auto mine = profile("workspace");
  mine.hide = {"/srv"};
  request_.cwd = "/srv/work";
  EXPECT_TRUE(plan(mine).error().is(terminal_error::bad_cwd));
}

TEST_F(mounts, no_profile_shows_the_servers_folder) {
  for (const auto* path : {"~/.local/state/roost", "~/.local/state/roost/shell"}) {
    auto mine = profile("workspace");
    mine.readable = {path};
    EXPECT_TRUE(plan(mine).error().is(terminal_error::sandbox_unavailable)) << path;
  }
  auto mine = profile("isolated");
  mine.writable = {"~/.local/state"};
  EXPECT_THAT(rows(mine), AllOf(has(writable, "/home/ada/.local/state"),
                                has(hidden, "/home/ada/.local/state/roost")));
}

TEST_F(mounts, what_leads_to_a_hidden_folder_is_pinned_where_it_could_be_renamed) {
  auto mine = profile("workspace");
  mine.home = home_access::keep;
  EXPECT_THAT(rows(mine),
              AllOf(has(writable, "/home/ada/.local"), has(writable, "/home/ada/.local/state"),
                    has(hidden, "/home/ada/.local/state/roost")));
  EXPECT_THAT(rows(profile("workspace")), says_nothing_of("/home/ada/.local"));
}

TEST_F(mounts, the_name_servers_file_is_kept_where_a_network_is) {
  names_.link("/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf", path_kind::file);
  EXPECT_THAT(rows(profile("workspace")),
              AllOf(has(hidden, "/run"), has(read_only, "/run/systemd/resolve/stub-resolv.conf")));
  EXPECT_THAT(rows(profile("isolated")), says_nothing_of("/run/systemd/resolve/stub-resolv.conf"));
}

TEST_F(mounts, who_has_no_home_gets_the_temporary_folder) {
  for (const auto* home : {"/", "/nonexistent", "/tmp", "/home/ada/.local/state/roost"}) {
    request_.home = home;
    for (const auto* name : {"workspace", "isolated"}) {
      const auto made = plan(profile(name)).value();
      EXPECT_EQ(made.home, "/tmp") << home;
      EXPECT_THAT(made.rows, has(empty, "/tmp")) << home;
    }
  }
}

} // namespace
} // namespace roost::terminal
