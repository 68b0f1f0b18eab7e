#include "actors/terminal/shell_integration/inject.hpp"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "actors/terminal/shell_integration/snippets.hpp"
#include "tests/support/temp_folder.hpp"

namespace roost::terminal {
namespace {

using words = std::vector<std::string>;

TEST(inject, only_a_bare_shell_is_changed) {
  struct shell_case {
    std::string executable;
    words argv;
    words expected;
  };
  const shell_case cases[] = {
      {"/bin/bash", {"bash"}, {"bash", "--init-file", "/d/bash-init.bash"}},
      {"/usr/bin/fish", {"fish"}, {"fish", "--init-command", "source '/d/roost.fish'"}},
      {"/bin/zsh", {"zsh"}, {"zsh"}},
      {"/bin/bash", {"bash", "-c", "true"}, {"bash", "-c", "true"}},
      {"/bin/bash", {"bash", "-l"}, {"bash", "-l"}},
      {"/bin/rbash", {"rbash"}, {"rbash"}},
      {"/bin/sh", {"sh"}, {"sh"}},
      {"/usr/bin/vim", {"vim"}, {"vim"}},
  };
  for (const auto& c : cases) {
    auto argv = c.argv;
    environment env;
    integrate_shell(c.executable, shell_start::interactive, "/d", argv, env);
    EXPECT_EQ(argv, c.expected) << c.executable;
    EXPECT_EQ(env.get("ROOST_SHELL_INTEGRATION"), "/d");
    EXPECT_EQ(env.get("ZDOTDIR"), c.argv == words{"zsh"} ? "/d/zsh" : "");
    EXPECT_EQ(env.find("ROOST_BASH_LOGIN"), nullptr);
  }
}

TEST(inject, a_login_bash_is_told_by_a_variable) {
  words argv = {"-bash"};
  environment env;
  integrate_shell("/bin/bash", shell_start::login, "/d", argv, env);
  EXPECT_EQ(argv, (words{"bash", "--init-file", "/d/bash-init.bash"}));
  EXPECT_EQ(env.get("ROOST_BASH_LOGIN"), "1");
}

TEST(inject, zsh_keeps_an_own_folder_of_startup_files) {
  words argv = {"zsh"};
  environment env = {{"ZDOTDIR", "/home/ada/.zsh"}};
  integrate_shell("/bin/zsh", shell_start::interactive, "/d", argv, env);
  EXPECT_EQ(env.get("ROOST_ZDOTDIR"), "/home/ada/.zsh");
}

TEST(inject, a_folder_with_odd_characters_is_quoted_for_fish) {
  words argv = {"fish"};
  environment env;
  integrate_shell("/usr/bin/fish", shell_start::interactive, "/it's \\a", argv, env);
  EXPECT_EQ(argv.back(), "source '/it\\'s \\\\a/roost.fish'");
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(install, writes_every_snippet_for_its_owner) {
  const test::temp_folder data;
  const auto dir = install_shell_integration(data.path());
  ASSERT_TRUE(dir);
  EXPECT_EQ(*dir, data / "shell-integration");
  struct stat info {};
  ASSERT_EQ(::stat(dir->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  std::set<std::string> names;
  for (const auto& file : snippets()) {
    names.insert(std::string(file.path));
    const auto path = *dir + "/" + std::string(file.path);
    EXPECT_EQ(text_of(path), file.text) << path;
    EXPECT_EQ(file.text, text_of(ROOST_SOURCE_DIR "/actors/terminal/shell_integration/" +
                                 std::string(file.path)));
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0644u);
  }
  EXPECT_EQ(names, (std::set<std::string>{"roost.bash", "bash-init.bash", "roost.zsh",
                                          "zsh/.zshenv", "roost.fish"}));
}

TEST(install, what_is_for_everybody_can_be_read_whatever_our_umask) {
  const test::temp_folder parent;
  const auto before = ::umask(077);
  const auto dir = install_public_shell_integration(parent / "snippets");
  ::umask(before);
  ASSERT_TRUE(dir);
  EXPECT_EQ(*dir, parent / "snippets");
  struct stat info {};
  for (const auto& name : {"", "/zsh"}) {
    ASSERT_EQ(::stat((*dir + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0755u) << name;
  }
  for (const auto& file : snippets()) {
    ASSERT_EQ(::stat((*dir + "/" + std::string(file.path)).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0644u) << file.path;
  }
}

TEST(install, replaces_what_differs_and_leaves_the_rest) {
  const test::temp_folder data;
  ASSERT_TRUE(install_shell_integration(data.path()));
  const auto bash = data / "shell-integration/roost.bash";
  const auto zsh = data / "shell-integration/roost.zsh";
  struct stat before {};
  ASSERT_EQ(::stat(zsh.c_str(), &before), 0);
  std::ofstream(bash) << "old";
  ASSERT_TRUE(install_shell_integration(data.path()));
  EXPECT_TRUE(text_of(bash).starts_with("# Roost's marks for bash"));
  struct stat after {};
  ASSERT_EQ(::stat(zsh.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino) << "an unchanged file is not written again";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data.path()))
    EXPECT_NE(entry.path().extension(), ".new");
}

TEST(install, says_when_it_cannot) {
  const test::temp_folder data;
  EXPECT_FALSE(install_shell_integration(data / "no/such/folder"));
  data.file("shell-integration", "a file is in the way");
  const auto out = install_shell_integration(data.path());
  ASSERT_FALSE(out);
  EXPECT_TRUE(out.error().is(setup_error::data_dir_unusable));
}

} // namespace
} // namespace roost::terminal
