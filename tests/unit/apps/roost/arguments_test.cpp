#include "apps/roost/arguments.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::array id = {operand_row{"ID"}};
constexpr std::array words = {operand_row{"ID"}, operand_row{"TEXT", arity::any}};
constexpr std::array rest = {operand_row{"CMD", arity::rest}};
constexpr std::array options = {
    option_row{"detach", 'd', "", ""}, option_row{"title", 't', "T", ""},
    option_row{"env", 'e', "K=V", ""}, option_row{"quiet", 'q', "", ""}};
constexpr std::array globals = {option_row{"server", 0, "URL", ""}, option_row{"json", 0, "", ""}};
constexpr command_row new_row{"new", "", "", rest, options, nullptr};
constexpr command_row send_row{"send", "", "", words, options, nullptr};
constexpr command_row kill_row{"kill", "", "", id, {}, nullptr};
constexpr command_row list_row{"token list", "", "", {}, {}, nullptr};
constexpr command_row create_row{"token create", "", "", {}, options, nullptr};
constexpr std::array one_or_none = {operand_row{"NAME", arity::optional}};
constexpr command_row channels_row{"channels", "", "", one_or_none, {}, nullptr};
constexpr command_row override_row{"channels override", "", "", id, options, nullptr};
constexpr std::array<const command_row*, 7> table = {
    &new_row, &send_row, &kill_row, &list_row, &create_row, &channels_row, &override_row};

outcome<invocation> parse(std::vector<std::string> given) {
  return parse_arguments(table, globals, given);
}

std::string refusal(std::vector<std::string> given) {
  const auto call = parse(std::move(given));
  if (call)
    return "accepted";
  EXPECT_EQ(call.error().exit, exit_status::usage);
  return to_line(call.error());
}

TEST(arguments, finds_verb_options_and_operands_in_any_order) {
  const auto call = parse({"--json", "send", "-t", "a b", "x", "--server=unix:/s", "y", "-dq"});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->command, &send_row);
  EXPECT_THAT(call->operands, ElementsAre("x", "y"));
  EXPECT_EQ(call->value("title"), "a b");
  EXPECT_EQ(call->value("server"), "unix:/s");
  EXPECT_TRUE(call->has("detach") && call->has("quiet") && call->has("json"));
  EXPECT_FALSE(call->has("env"));
}

TEST(arguments, knows_every_form_of_a_value) {
  for (const auto& form :
       {std::vector<std::string>{"--title", "v"}, {"--title=v"}, {"-t", "v"}, {"-tv"}, {"-dtv"}}) {
    auto given = form;
    given.insert(given.begin(), "new");
    const auto call = parse(given);
    ASSERT_TRUE(call) << form[0];
    EXPECT_EQ(call->value("title"), "v") << form[0];
  }
  EXPECT_EQ(parse({"new", "--title="})->value("title"), "");
  EXPECT_EQ(parse({"new", "--title", "--quiet"})->value("title"), "--quiet");
}

TEST(arguments, keeps_repeated_options_in_order_and_the_last_value) {
  const auto call = parse({"new", "-e", "A=1", "--env=B=2"});
  EXPECT_THAT(call->values("env"), ElementsAre("A=1", "B=2"));
  EXPECT_EQ(call->value("env"), "B=2");
}

TEST(arguments, reads_no_options_after_the_double_dash_or_the_first_word_of_a_command) {
  EXPECT_THAT(parse({"new", "-d", "--", "make", "-j", "--json"})->operands,
              ElementsAre("make", "-j", "--json"));
  const auto call = parse({"new", "-d", "make", "-q", "--title", "x"});
  EXPECT_THAT(call->operands, ElementsAre("make", "-q", "--title", "x"));
  EXPECT_FALSE(call->has("quiet"));
  EXPECT_THAT(parse({"send", "x", "--", "-l", "--"})->operands, ElementsAre("x", "-l", "--"));
  EXPECT_THAT(parse({"send", "x", "-"})->operands, ElementsAre("x", "-"));
}

TEST(arguments, finds_verbs_of_two_words) {
  EXPECT_EQ(parse({"token", "list"})->command, &list_row);
  EXPECT_EQ(parse({"token", "create", "-t", "x"})->command, &create_row);
  EXPECT_THAT(refusal({"token"}), HasSubstr("one of list, create"));
  EXPECT_THAT(refusal({"token", "lost"}), HasSubstr("did you mean list?"));
  EXPECT_TRUE(parse({"token", "--help"})->wants_help);
}

TEST(arguments, a_verb_may_have_actions_besides) {
  EXPECT_EQ(parse({"channels"})->command, &channels_row);
  EXPECT_EQ(parse({"--json", "channels", "policy"})->command, &channels_row);
  const auto set = parse({"channels", "override", "policy", "-t", "x"});
  ASSERT_TRUE(set);
  EXPECT_EQ(set->command, &override_row);
  EXPECT_THAT(set->operands, ElementsAre("policy"));
  EXPECT_THAT(refusal({"channels", "override"}), HasSubstr("ID is missing"));
  // A channel of that name is shown all the same.
  const auto shown = parse({"channels", "--", "override"});
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->command, &channels_row);
  EXPECT_THAT(shown->operands, ElementsAre("override"));
}

TEST(arguments, suggests_what_was_meant) {
  EXPECT_THAT(refusal({"sned", "x"}), HasSubstr("unknown command (sned): did you mean send?"));
  EXPECT_THAT(refusal({"frobnicate"}), HasSubstr("`roost --help` lists them"));
  EXPECT_THAT(refusal({"new", "--titel", "x"}), HasSubstr("did you mean --title?"));
  EXPECT_THAT(refusal({"new", "-x"}), HasSubstr("unknown option (-x): see `roost new --help`"));
}

TEST(arguments, refuses_what_does_not_fit) {
  EXPECT_THAT(refusal({}), HasSubstr("no command is named"));
  EXPECT_THAT(refusal({"kill"}), HasSubstr("ID is missing"));
  EXPECT_THAT(refusal({"kill", "a", "b"}), HasSubstr("one word too many (b)"));
  EXPECT_THAT(refusal({"new", "--title"}), HasSubstr("needs a value (--title T)"));
  EXPECT_THAT(refusal({"new", "-t"}), HasSubstr("needs a value (-t T)"));
  EXPECT_THAT(refusal({"new", "--detach=yes"}), HasSubstr("takes no value"));
}

TEST(arguments, help_and_version_need_nothing_else) {
  EXPECT_TRUE(parse({"--help"})->wants_help);
  EXPECT_TRUE(parse({"help"})->wants_help);
  EXPECT_TRUE(parse({"--version"})->wants_version);
  const auto call = parse({"kill", "--help"});
  EXPECT_TRUE(call->wants_help);
  EXPECT_EQ(call->command, &kill_row);
  EXPECT_EQ(parse({"kill", "-h"})->command, &kill_row);
  EXPECT_THAT(parse({"new"})->operands, IsEmpty());
}

} // namespace
} // namespace roost::cli
