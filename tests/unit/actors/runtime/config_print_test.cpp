#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/config_load.hpp"
#include "actors/runtime/config_table.hpp"

namespace roost {
namespace {

using testing::HasSubstr;

config_inputs host() {
  config_inputs inputs;
  inputs.environment = {{"HOME", "/home/ada"}};
  inputs.host_name = "nest";
  inputs.working_dir = "/srv";
  return inputs;
}

TEST(config_print, what_is_printed_loads_to_the_same_values) {
  auto inputs = host();
  inputs.arguments = {"--listen", "[::1]:0", "--node-name", "a.b"};
  inputs.environment["ROOST_TERMINALS_DEFAULT_COMMAND"] = R"(["sh", "-c", "echo \"a: #b\", 'c'"])";
  inputs.environment["ROOST_TERMINALS_KILL_LADDER"] = "INT,1500ms,KILL";
  inputs.environment["ROOST_DATA_DIR"] = "/with space/#x";
  const auto first = load_config(inputs);
  ASSERT_TRUE(first.problems.empty()) << first.problems[0].to_string();
  const auto printed = print_config(first);

  auto again = host();
  again.arguments = {"--config", "x.yaml"};
  again.read_file = [&](const std::string&) -> result<std::string> { return printed; };
  const auto second = load_config(again);
  ASSERT_TRUE(second.problems.empty()) << second.problems[0].to_string() << "\n" << printed;
  for (const auto& row : config_table())
    EXPECT_EQ(row.value.show(first.values), row.value.show(second.values)) << row.path;
}

TEST(config_print, says_where_each_value_comes_from) {
  auto inputs = host();
  inputs.environment["ROOST_THREADS"] = "2";
  const auto printed = print_config(load_config(inputs));
  EXPECT_THAT(printed, HasSubstr("\nthreads: 2  # environment ROOST_THREADS\n"));
  EXPECT_THAT(printed, HasSubstr("\nlisten: 127.0.0.1:7680  # default\n"));
  EXPECT_THAT(printed,
              HasSubstr("\nterminals:\n  # Terminals at a time.\n  max: 200  # default\n"));
}

TEST(config_print, usage_names_every_flag_of_the_contract) {
  const auto usage = config_usage();
  for (const auto* flag :
       {"--config", "--listen", "--data-dir", "--database", "--node-name", "--join",
        "--cluster-listen", "--check-config", "--print-config", "--version"})
    EXPECT_THAT(usage, HasSubstr(flag));
}

TEST(config_reference, the_page_in_docs_is_up_to_date) {
  const std::string path = ROOST_SOURCE_DIR "/docs/reference/configuration.md";
  if (std::getenv("ROOST_UPDATE_GOLDEN") != nullptr)
    std::ofstream(path) << config_reference();
  std::ostringstream page;
  page << std::ifstream(path).rdbuf();
  EXPECT_EQ(page.str(), config_reference())
      << "regenerate it: ROOST_UPDATE_GOLDEN=1 ctest --preset dev -R config_reference";
}

} // namespace
} // namespace roost
