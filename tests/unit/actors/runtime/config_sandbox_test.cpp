#include "actors/runtime/config_sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/config_load.hpp"
#include "actors/runtime/config_table.hpp"

namespace roost {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

config_inputs host(std::string file) {
  config_inputs inputs;
  inputs.environment = {{"HOME", "/home/ada"}};
  inputs.host_name = "nest";
  inputs.working_dir = "/srv";
  if (!file.empty())
    inputs.arguments = {"--config", "roost.yaml"};
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

TEST(config_sandbox, the_built_in_profiles_are_there) {
  const auto none = find_sandbox_profile({}, "none").value();
  EXPECT_EQ(none, sandbox_profile{});
  const auto workspace = find_sandbox_profile({}, "workspace").value();
  EXPECT_EQ(workspace.network, network_access::keep);
  EXPECT_EQ(workspace.home, home_access::read_only);
  EXPECT_EQ(workspace.limits, session_limits{});
  const auto isolated = find_sandbox_profile({}, "isolated").value();
  EXPECT_EQ(isolated.network, network_access::none);
  EXPECT_EQ(isolated.home, home_access::hide);
  EXPECT_EQ(isolated.seccomp, system_call_filter::strict);
  EXPECT_GT(isolated.limits.processes, 0U);
  EXPECT_GT(isolated.limits.memory, 0U);
  EXPECT_FALSE(find_sandbox_profile({}, "strict"));
}

TEST(config_sandbox, the_stricter_of_two_limits_is_taken_and_0_is_none) {
  const session_limits a{
      .processes = 5, .memory = 0, .cpu = 1, .cpu_time = 0ms, .open_files = 9, .file_size = 0};
  const session_limits b{
      .processes = 7, .memory = 3, .cpu = 0.5, .cpu_time = 2s, .open_files = 0, .file_size = 0};
  const session_limits both{
      .processes = 5, .memory = 3, .cpu = 0.5, .cpu_time = 2s, .open_files = 9, .file_size = 0};
  EXPECT_EQ(stricter(a, b), both);
  EXPECT_EQ(stricter(b, a), both);
}

TEST(config_sandbox, a_profile_is_its_base_with_changes_in_any_order) {
  const auto loaded = load_config(host(R"(
terminals:
  limits: {processes: 500, memory: 8GiB, cpu: 2, lifetime: 30d, idle: 1h}
  sandbox:
    default: ci
    profiles:
      ci:
        network: keep
        writable: [/srv/cache/, ~/builds]
        readable: ["/srv/with space"]
        hide: [/srv/cache/keys]
        limits: {memory: 1GiB, cpu_time: 10m}
        base: isolated
      plain:
)"));
  ASSERT_THAT(loaded.problems, IsEmpty()) << loaded.problems[0].to_string();
  const auto& terminals = loaded.values.terminals;
  EXPECT_EQ(terminals.limits.processes, 500U);
  EXPECT_EQ(terminals.limits.cpu, 2);
  EXPECT_EQ(terminals.lifetime, 720h);
  EXPECT_EQ(terminals.idle_limit, 1h);
  EXPECT_EQ(terminals.sandbox.default_profile, "ci");
  auto expected = find_sandbox_profile({}, "isolated").value();
  expected.name = "ci";
  expected.network = network_access::keep;
  expected.writable = {"/srv/cache", "~/builds"};
  expected.readable = {"/srv/with space"};
  expected.hide = {"/srv/cache/keys"};
  expected.limits.memory = std::uint64_t{1} << 30;
  expected.limits.cpu_time = 10min;
  EXPECT_EQ(find_sandbox_profile(terminals.sandbox, "ci"), expected);
  auto plain = find_sandbox_profile({}, "workspace").value();
  plain.name = "plain";
  EXPECT_EQ(find_sandbox_profile(terminals.sandbox, "plain"), plain);
}

TEST(config_sandbox, what_is_wrong_is_named_with_its_place) {
  const auto found = problems(host(R"(terminals:
  sandbox:
    default: workspaces
    profiles:
      isolated: {base: workspace}
      Mine: {}
      ci:
        bse: isolated
        base: none
        network: some
        writable: [cache]
        readable: /srv
        limits:
          memroy: 1GiB
          processes: 3
          lifetime: 1h
      twice: {home: hide, home: keep}
      list: [a]
)"));
  const std::string in = "roost.yaml:";
  const std::string at = ": terminals.sandbox.profiles";
  EXPECT_THAT(
      found,
      ElementsAre(
          HasSubstr(in + "5:7" + at + ".isolated: this profile is built in"),
          HasSubstr(in + "6:7" + at + ": a profile's name is 1 to 32"),
          HasSubstr(in + "8:9" + at + ".ci.bse: unknown key, did you mean 'base'?"),
          HasSubstr(in + "9:15" + at + ".ci.base: expected workspace or isolated, got 'none'"),
          HasSubstr(in + "10:18" + at + ".ci.network: expected keep or none"),
          HasSubstr(in + "11:19" + at + ".ci.writable: expected a list of up to 64 absolute"),
          HasSubstr(in + "12:19" + at + ".ci.readable: expected a list"),
          HasSubstr(in + "14:11" + at + ".ci.limits.memroy: unknown key, did you mean 'memory'?"),
          HasSubstr(in + "15:22" + at + ".ci.limits.processes: expected 0 or a whole number"),
          HasSubstr(in + "16:11" + at + ".ci.limits.lifetime: unknown key"),
          HasSubstr(in + "17:27" + at + ".twice.home: this key is there twice"),
          HasSubstr(in + "18:13" + at + ".list: expected a section of keys")));
}

TEST(config_sandbox, paths_that_mean_something_else_than_they_seem_are_refused) {
  for (const auto* path : {"srv", "/", "//", "/srv/../etc", "/srv/..", "~", "~/", "~ada/x", "''"})
    EXPECT_THAT(problems(host(std::string("terminals: {sandbox: {profiles: {ci: {hide: [") + path +
                              "]}}}}")),
                ElementsAre(HasSubstr("profiles.ci.hide: expected a list")))
        << path;
}

TEST(config_sandbox, the_default_must_be_there) {
  EXPECT_THAT(problems(host("terminals: {sandbox: {default: isolatd}}")),
              ElementsAre("roost.yaml:1:23: terminals.sandbox.default: there is no such profile, "
                          "did you mean 'isolated'?"));
  EXPECT_THAT(problems(host("terminals: {sandbox: {default: isolated}}")), IsEmpty());
}

TEST(config_sandbox, no_profile_may_show_the_servers_folder) {
  for (const auto* key : {"writable", "readable"})
    EXPECT_THAT(problems(host(std::string("data_dir: /srv/roost\nterminals: {sandbox: {profiles: "
                                          "{ci: {") +
                              key + ": [/srv/roost/shell]}}}}")),
                ElementsAre(HasSubstr("profiles.ci: the server's data_dir is never visible")));
}

TEST(config_sandbox, profiles_come_from_the_environment_too) {
  auto inputs = host("");
  inputs.environment["ROOST_TERMINALS_SANDBOX_PROFILES"] = "{ci: {network: none}}";
  inputs.environment["ROOST_TERMINALS_SANDBOX_DEFAULT"] = "ci";
  inputs.environment["ROOST_TERMINALS_LIMITS_MEMORY"] = "1GiB";
  inputs.environment["ROOST_SANDBOX"] = "workspace"; // the server itself runs in one
  const auto loaded = load_config(inputs);
  ASSERT_THAT(loaded.problems, IsEmpty()) << loaded.problems[0].to_string();
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.values.terminals.limits.memory, std::uint64_t{1} << 30);
  ASSERT_THAT(loaded.values.terminals.sandbox.profiles, SizeIs(1));
  EXPECT_EQ(loaded.values.terminals.sandbox.profiles[0].network, network_access::none);
  inputs.environment["ROOST_TERMINALS_SANDBOX_PROFILES"] = "{ci: {network: no}}";
  EXPECT_THAT(problems(inputs),
              testing::Contains(HasSubstr("environment ROOST_TERMINALS_SANDBOX_PROFILES: "
                                          "terminals.sandbox.profiles.ci.network: expected")));
}

TEST(config_sandbox, what_is_printed_loads_to_the_same_profiles) {
  const auto first = load_config(host(R"(
terminals:
  limits: {processes: 500, cpu: 1.5, file_size: 1GiB}
  sandbox:
    default: b
    profiles:
      a: {base: isolated, home: read_only, seccomp: default, hide: ["~/a b", "/x: #y", "/c, d"]}
      b: {limits: {memory: 2GiB, cpu: 0.5}, writable: [/srv/x]}
)"));
  ASSERT_THAT(first.problems, IsEmpty()) << first.problems[0].to_string();
  const auto printed = print_config(first);
  const auto second = load_config(host(printed));
  ASSERT_THAT(second.problems, IsEmpty()) << second.problems[0].to_string() << "\n" << printed;
  EXPECT_EQ(first.values.terminals.sandbox, second.values.terminals.sandbox) << printed;
  EXPECT_EQ(first.values.terminals.limits, second.values.terminals.limits);
  EXPECT_THAT(printed, HasSubstr("\n  limits:\n    # Processes and threads"));
}

} // namespace
} // namespace roost
