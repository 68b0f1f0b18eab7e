// The only part of loading that looks at the process: files as they really are.
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "actors/runtime/config_load.hpp"
#include "tests/support/temp_folder.hpp"

namespace roost {
namespace {

class config_process : public testing::Test {
protected:
  config_process() {
    const char* const words[] = {"roostd", "--listen", "127.0.0.1:0"};
    inputs = process_inputs(3, words);
  }

  std::string why_not(const std::string& path) const {
    const auto text = inputs.read_file(path);
    return text ? "it was read" : text.error().detail;
  }

  test::temp_folder folder;
  config_inputs inputs;
};

TEST_F(config_process, takes_arguments_environment_host_and_folder) {
  EXPECT_EQ(inputs.arguments, (std::vector<std::string>{"--listen", "127.0.0.1:0"}));
  EXPECT_EQ(inputs.environment.at("PATH"), std::getenv("PATH"));
  EXPECT_FALSE(inputs.host_name.empty());
  EXPECT_TRUE(inputs.working_dir.starts_with('/'));
}

TEST_F(config_process, reads_a_whole_file) {
  const std::string text(100'000, 'x');
  std::ofstream(folder / "a.yaml") << text;
  const auto read = inputs.read_file(folder / "a.yaml");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, text);
}

TEST_F(config_process, names_what_cannot_be_read_and_waits_for_nothing) {
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(why_not(folder / "missing"), "there is no such file");
  EXPECT_EQ(why_not((folder / "fifo") + "/x"), "there is no such file");
  EXPECT_EQ(why_not(folder.path()), "it is a folder");
  EXPECT_EQ(why_not(folder / "fifo"), "it is not a regular file");
  EXPECT_EQ(why_not("/dev/null"), "it is not a regular file");
}

TEST_F(config_process, a_huge_file_is_refused_without_reading_all_of_it) {
  std::ofstream(folder / "huge") << std::string(3 << 20, '#');
  inputs.arguments = {"--config", folder / "huge"};
  const auto loaded = load_config(inputs);
  ASSERT_FALSE(loaded.problems.empty());
  EXPECT_NE(loaded.problems[0].message.find("larger than 256 KiB"), std::string::npos);
}

} // namespace
} // namespace roost
