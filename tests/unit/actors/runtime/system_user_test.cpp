#include "actors/runtime/system_user.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>

namespace roost {
namespace {

TEST(system_user, we_are_somebody) {
  const auto me = current_user();
  EXPECT_FALSE(me.name.empty());
  EXPECT_TRUE(me.home.starts_with('/'));
  EXPECT_TRUE(me.shell.starts_with('/'));
  EXPECT_EQ(me.uid, ::geteuid());
}

TEST(system_user, root_is_found_with_all_that_a_login_gives) {
  const auto root = find_user("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "root");
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(root->gid, 0U);
  EXPECT_TRUE(root->home.starts_with('/'));
  EXPECT_TRUE(root->shell.starts_with('/'));
  EXPECT_NE(std::ranges::find(root->groups, root->gid), root->groups.end());
  EXPECT_LT(root->groups.size(), 64U) << "only those that there are";
}

TEST(system_user, who_is_not_there_is_not_found) {
  EXPECT_FALSE(find_user("no-such-user"));
  EXPECT_FALSE(find_user(""));
  EXPECT_FALSE(find_user("0")) << "a number is no name";
  EXPECT_FALSE(find_user(std::string("root\0x", 6)));
}

TEST(system_user, groups_have_numbers) {
  EXPECT_EQ(find_group("root"), gid_t{0});
  EXPECT_FALSE(find_group("no-such-group"));
}

} // namespace
} // namespace roost
