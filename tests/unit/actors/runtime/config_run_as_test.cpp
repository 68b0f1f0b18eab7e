#include "actors/runtime/config_run_as.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/config_load.hpp"

namespace roost {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A host with the users root, ada and bob.
config_inputs host(std::string file, bool is_root = true) {
  config_inputs inputs;
  inputs.arguments = {"--config", "roost.yaml"};
  inputs.environment = {{"HOME", "/root"}};
  inputs.host_name = "nest";
  inputs.working_dir = "/srv";
  inputs.is_root = is_root;
  inputs.has_user = [](const std::string& name) {
    return name == "root" || name == "ada" || name == "bob";
  };
  inputs.read_file = [file = std::move(file)](const std::string&) -> result<std::string> {
    return file;
  };
  return inputs;
}

std::vector<std::string> problems(const config_inputs& inputs) {
  std::vector<std::string> out;
  for (const auto& problem : load_config(inputs).problems)
    out.push_back(problem.to_string());
  return out;
}

TEST(config_run_as, users_of_the_system_are_taken) {
  const auto loaded = load_config(host("terminals:\n  run_as: {default: ada, allowed: [bob]}\n"));
  EXPECT_THAT(loaded.problems, IsEmpty());
  const auto& run_as = loaded.values.terminals.run_as;
  EXPECT_EQ(run_as.default_user, "ada");
  EXPECT_THAT(run_as.allowed, ElementsAre("bob"));
}

TEST(config_run_as, an_unknown_user_is_named_with_its_place) {
  EXPECT_THAT(problems(host("terminals:\n  run_as:\n    default: ad\n    allowed: [bob, eve]\n")),
              ElementsAre("roost.yaml:3:5: terminals.run_as.default: this system has no user 'ad' "
                          "(getent passwd lists those it has)",
                          HasSubstr("roost.yaml:4:5: terminals.run_as.allowed: this system has no "
                                    "user 'eve'")));
  EXPECT_THAT(problems(host("terminals: {run_as: {default: root, allowed: [\"\"]}}\n")),
              ElementsAre(HasSubstr("no user ''")));
}

TEST(config_run_as, only_root_can_start_programs_of_others) {
  for (const auto* text : {"{default: ada}", "{allowed: [ada]}", "{default: root}"})
    EXPECT_THAT(problems(host(std::string("terminals:\n  run_as: ") + text + "\n", false)),
                ElementsAre(testing::AllOf(HasSubstr("roost.yaml:2:1"), HasSubstr("run it as root"),
                                           HasSubstr("terminals.run_as"))))
        << text;
  EXPECT_THAT(problems(host("terminals: {run_as: {default: \"\", allowed: []}}\n", false)),
              IsEmpty());
}

TEST(config_run_as, root_is_nobodys_default_by_a_slip) {
  EXPECT_THAT(problems(host("terminals:\n  run_as: {allowed: [ada]}\n")),
              ElementsAre(HasSubstr("say in terminals.run_as.default who")));
  EXPECT_THAT(problems(host("terminals: {run_as: {default: root, allowed: [ada]}}\n")), IsEmpty());
}

TEST(config_run_as, a_session_may_run_as_the_default_and_those_allowed) {
  const run_as_config none;
  EXPECT_FALSE(none.is_set());
  EXPECT_EQ(none.otherwise("root"), "root");
  EXPECT_TRUE(none.allows("root", "root"));
  EXPECT_FALSE(none.allows("ada", "root"));
  EXPECT_FALSE(none.allows("", "root"));
  const run_as_config some{"ada", {"bob"}};
  EXPECT_TRUE(some.is_set());
  EXPECT_EQ(some.otherwise("root"), "ada");
  EXPECT_TRUE(some.allows("ada", "root"));
  EXPECT_TRUE(some.allows("bob", "root"));
  EXPECT_FALSE(some.allows("root", "root")) << "the server's own user has to be named";
  EXPECT_FALSE(some.allows("", "root"));
}

} // namespace
} // namespace roost
