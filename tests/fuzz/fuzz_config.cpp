#include "actors/runtime/config_load.hpp"
#include "actors/runtime/config_table.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <string>

namespace roost::fuzz {

namespace {

config_inputs host(std::string file) {
  config_inputs inputs;
  inputs.environment["HOME"] = "/home/ada";
  inputs.host_name = "nest";
  inputs.working_dir = "/srv";
  inputs.read_file = [file = std::move(file)](const std::string&) -> result<std::string> {
    return file;
  };
  return inputs;
}

/// NUL-separated words: NAME=VALUE is a variable, anything else an argument.
void spread(std::string_view data, config_inputs& inputs) {
  while (!data.empty()) {
    const auto word = data.substr(0, data.find('\0'));
    data.remove_prefix(std::min(data.size(), word.size() + 1));
    const auto equals = word.find('=');
    if (word.starts_with("ROOST_") && equals != std::string_view::npos)
      inputs.environment.emplace(word.substr(0, equals), word.substr(equals + 1));
    else
      inputs.arguments.emplace_back(word);
  }
}

void check(const loaded_config& loaded) {
  ROOST_FUZZ_CHECK(loaded.problems.empty() == (loaded.exit_code == 0));
  ROOST_FUZZ_CHECK(loaded.problems.size() <= 21);
  for (const auto& problem : loaded.problems)
    ROOST_FUZZ_CHECK(is_presentable(problem.to_string()));
  for (const auto& warning : loaded.warnings)
    ROOST_FUZZ_CHECK(is_presentable(warning));
  if (!loaded.problems.empty())
    return;
  // What is accepted can be printed, and what is printed means the same.
  auto again = host(print_config(loaded));
  again.arguments = {"--config", "printed.yaml"};
  const auto second = load_config(again);
  if (loaded.action == config_action::help || loaded.action == config_action::version)
    return; // the rest was not read
  ROOST_FUZZ_CHECK(second.problems.empty());
  for (const auto& row : config_table())
    ROOST_FUZZ_CHECK(row.value.show(loaded.values) == row.value.show(second.values));
}

} // namespace

void config(std::string_view data) {
  if (data.empty())
    return;
  const bool is_file = (static_cast<unsigned char>(data.front()) & 1U) == 0;
  data.remove_prefix(1);
  auto inputs = host(is_file ? std::string(data) : std::string());
  if (is_file)
    inputs.arguments = {"--config", "fuzzed.yaml"};
  else
    spread(data, inputs);
  check(load_config(inputs));
}

} // namespace roost::fuzz
