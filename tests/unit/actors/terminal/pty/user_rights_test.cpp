#include "actors/terminal/pty/user_rights.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/support/temp_folder.hpp"

namespace roost::terminal {
namespace {

bool may_read(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

/// Tests run as root or as anybody: where the first lets us be another user, all of it is tried;
/// for the others that nothing changes.
class user_rights_test : public ::testing::Test {
protected:
  user_rights_test() {
    ::chmod(folder_.path().c_str(), 0755);
    ours_ = folder_.file("ours", "x", 0600);
    groups_ = folder_.file("group", "x", 0640);
    if (is_root_ && ::chown(groups_.c_str(), 0, 61234) != 0)
      ADD_FAILURE() << "chown";
  }

  const bool is_root_ = ::geteuid() == 0;
  const user_record nobody_{"nobody", "/nonexistent", "/bin/sh", 65534, 65534, {65534}};
  test::temp_folder folder_;
  std::string ours_;
  std::string groups_;
};

TEST_F(user_rights_test, this_thread_sees_what_the_user_may_see_and_others_what_we_may) {
  {
    const user_rights rights(nobody_);
    EXPECT_EQ(rights.is_in_force(), is_root_);
    EXPECT_EQ(may_read(ours_), !is_root_);
    struct stat file {};
    EXPECT_EQ(::stat(ours_.c_str(), &file), 0) << "its folder is open";
    bool other_thread = false;
    std::thread([&] { other_thread = may_read(ours_); }).join();
    // A thread begins with the rights of the one that starts it, so it must be one that was there.
    EXPECT_EQ(other_thread, !is_root_);
  }
  EXPECT_TRUE(may_read(ours_));
}

TEST_F(user_rights_test, a_thread_that_was_there_keeps_its_rights) {
  int question[2];
  int answer[2];
  ASSERT_EQ(::pipe(question) | ::pipe(answer), 0);
  std::thread other([&] {
    char byte = 0;
    if (::read(question[0], &byte, 1) == 1)
      byte = may_read(ours_) ? 'y' : 'n';
    EXPECT_EQ(::write(answer[1], &byte, 1), 1);
  });
  char byte = '?';
  {
    const user_rights rights(nobody_);
    EXPECT_EQ(::write(question[1], &byte, 1), 1);
    EXPECT_EQ(::read(answer[0], &byte, 1), 1);
  }
  other.join();
  EXPECT_EQ(byte, 'y');
  for (const int fd : {question[0], question[1], answer[0], answer[1]})
    ::close(fd);
}

TEST_F(user_rights_test, groups_count) {
  auto member = nobody_;
  member.groups.push_back(61234);
  {
    const user_rights rights(member);
    EXPECT_TRUE(may_read(groups_));
  }
  const user_rights rights(nobody_);
  EXPECT_EQ(may_read(groups_), !is_root_);
}

TEST_F(user_rights_test, all_is_as_before_afterwards) {
  const auto groups = ::getgroups(0, nullptr);
  for (int i = 0; i < 3; ++i)
    const user_rights rights(nobody_);
  EXPECT_EQ(::getgroups(0, nullptr), groups);
  EXPECT_TRUE(may_read(ours_));
  EXPECT_FALSE(folder_.file("new", "x").empty());
  struct stat file {};
  ASSERT_EQ(::stat((folder_ / "new").c_str(), &file), 0);
  EXPECT_EQ(file.st_uid, ::geteuid());
}

} // namespace
} // namespace roost::terminal
