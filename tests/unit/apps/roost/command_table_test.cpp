// The rows of the program itself: parsing, help and completions are made from them.
#include "apps/roost/command_table.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/roost/completion.hpp"
#include "apps/roost/help.hpp"

namespace roost::cli {
namespace {

using testing::HasSubstr;

TEST(command_table, rows_are_whole_and_unambiguous) {
  std::set<std::string_view> names;
  for (const auto* row : all_commands()) {
    EXPECT_TRUE(names.insert(row->name).second) << row->name;
    EXPECT_FALSE(row->summary.empty()) << row->name;
    EXPECT_NE(row->run, nullptr) << row->name;
    std::set<std::string_view> options = {"help", "version"};
    std::set<char> letters = {'h'};
    for (const auto& option : global_options())
      options.insert(option.name);
    for (const auto& option : row->options) {
      EXPECT_TRUE(options.insert(option.name).second) << row->name << " " << option.name;
      if (option.letter != 0) {
        EXPECT_TRUE(letters.insert(option.letter).second) << row->name << " " << option.letter;
      }
      EXPECT_FALSE(option.summary.empty()) << row->name << " " << option.name;
    }
    for (std::size_t i = 0; i + 1 < row->operands.size(); ++i)
      EXPECT_EQ(row->operands[i].count, arity::one) << row->name;
  }
  for (const auto name : {"new",        "attach",       "ls",     "send",      "screen",
                          "output",     "wait",         "resize", "set",       "kill",
                          "url",        "status",       "top",    "sandboxes", "token create",
                          "token list", "token revoke", "call",   "channels",  "channels override",
                          "completion"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(command_table, help_names_every_verb_and_option) {
  const auto help = program_help(all_commands(), global_options());
  for (const auto* row : all_commands()) {
    EXPECT_THAT(help, HasSubstr(std::string(row->name)));
    const auto own = command_help(*row, global_options());
    EXPECT_THAT(own, HasSubstr(usage_line(*row)));
    for (const auto& option : row->options)
      EXPECT_THAT(own, HasSubstr("--" + std::string(option.name)));
    for (const auto& option : global_options())
      EXPECT_THAT(own, HasSubstr("--" + std::string(option.name)));
  }
}

TEST(command_table, completions_name_every_verb_and_option) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell, all_commands(), global_options());
    ASSERT_TRUE(script) << shell;
    for (const auto* row : all_commands()) {
      const auto second = row->name.substr(row->name.find(' ') + 1);
      EXPECT_THAT(*script, HasSubstr(std::string(second))) << shell;
      for (const auto& option : row->options)
        EXPECT_THAT(*script, HasSubstr((shell == "fish" ? "-l " : "--") + std::string(option.name)))
            << shell;
    }
  }
  const auto other = completion_script("tcsh", all_commands(), global_options());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().exit, exit_status::usage);
}

} // namespace
} // namespace roost::cli
