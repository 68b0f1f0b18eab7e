#include "actors/channel/transport/child_process.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.hpp"

namespace roost::channel {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class child_process_test : public ::testing::Test {
protected:
  std::string find(const std::string& command, const std::string& path = {}) {
    const program what{{command}, folder_.path(), {"A=1", "PATH=" + path}};
    auto found = find_program(what);
    if (found)
      return *found;
    EXPECT_EQ(found.error().kind, reply_kind::unavailable);
    return found.error().detail;
  }

  test::temp_folder folder_;
};

TEST_F(child_process_test, a_command_is_a_path_or_looked_for_in_the_path) {
  const auto one = folder_.folder("one");
  const auto two = folder_.folder("two");
  folder_.file("one/plain", "", 0644);
  folder_.file("two/plain", "", 0755);
  folder_.file("two/only", "", 0755);
  folder_.folder("one/only");
  EXPECT_EQ(find("only", one + ":" + two), two + "/only") << "a folder is no program";
  EXPECT_EQ(find("plain", one + ":" + two), two + "/plain") << "what cannot be run is passed over";
  EXPECT_EQ(find("plain", one), "plain: Permission denied");
  EXPECT_EQ(find("other", one + "::" + two), "other: No such file or directory");
  EXPECT_EQ(find("only", ".:two:" + one + ":"), "only: Permission denied")
      << "a relative folder is none";
  EXPECT_EQ(find("only", ""), "only: No such file or directory");
  EXPECT_EQ(find("", two), ": No such file or directory");

  EXPECT_EQ(find("two/plain", one), "two/plain") << "below the folder";
  EXPECT_EQ(find("./two/../two/plain"), "./two/../two/plain");
  EXPECT_EQ(find("./only", two), "./only: No such file or directory");
  EXPECT_EQ(find(two + "/plain"), two + "/plain");
  EXPECT_EQ(find("one/plain"), "one/plain: Permission denied");
  const auto nowhere = find_program({{"./x"}, folder_ / "no-such", {}});
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().detail, HasSubstr("No such file"));
  EXPECT_EQ(*find_program({{"sh"}, {}, {}}), "/usr/bin/sh") << "without a PATH: the usual one";
}

TEST_F(child_process_test, the_environment_keeps_what_is_the_servers_alone) {
  for (const auto* name : {"ROOST_TOKEN", "ROOST_ANYTHING", "LISTEN_FDS", "PGPASSWORD", "MINE"})
    ::setenv(name, "x", 1);
  const auto got = helper_environment();
  for (const auto* name : {"ROOST_TOKEN", "ROOST_ANYTHING", "LISTEN_FDS", "PGPASSWORD", "MINE"})
    ::unsetenv(name);
  EXPECT_THAT(got, Contains("MINE=x"));
  EXPECT_THAT(got, Not(Contains(HasSubstr("ROOST_"))));
  EXPECT_THAT(got, Not(Contains(HasSubstr("LISTEN_FDS"))));
  EXPECT_THAT(got, Not(Contains(HasSubstr("PGPASSWORD"))));
}

} // namespace
} // namespace roost::channel
