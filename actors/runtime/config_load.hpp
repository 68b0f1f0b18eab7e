#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime/config.hpp"
#include "actors/runtime/result.hpp"

namespace roost {

/// What the caller wants from the program.
enum class config_action : std::uint8_t { run, check_config, print_config, version, help };

/// Something wrong with what an operator wrote.
struct config_problem {
  std::string where;   ///< "FILE:LINE:COLUMN", "environment ROOST_LISTEN" or "--listen"
  std::string path;    ///< the key's full path; empty if there is none
  std::string message; ///< what is wrong, and what to write instead

  /// One line without a newline: `where: path: message`.
  [[nodiscard]] std::string to_string() const;
};

/// The world as the loader sees it, so that loading is a function of its inputs.
struct config_inputs {
  std::vector<std::string> arguments; ///< without the program's name
  std::map<std::string, std::string> environment;
  std::string host_name;
  std::string working_dir; ///< absolute
  /// Reads a whole file; its failure's detail says why not.
  std::function<result<std::string>(const std::string& path)> read_file;
  bool is_root = false; ///< who runs the server
  /// Whether the system knows a user of this name. Needed where `is_root`.
  std::function<bool(const std::string& name)> has_user;
};

struct loaded_config {
  config values;
  config_action action = config_action::run;
  std::string file; ///< of --config or ROOST_CONFIG; empty: none
  /// Where each value comes from, in the order of config_table(): "default", "environment
  /// ROOST_LISTEN", "--listen", "FILE:LINE:COLUMN".
  std::vector<std::string> origins;
  /// At most 21 of them: the first 20, and one that counts the rest. Empty: `values` may be used.
  std::vector<config_problem> problems;
  /// Things worth a log line that are no reason to stop.
  std::vector<std::string> warnings;
  /// What the program should exit with because of `problems`: 0, 64 (usage) or 78 (configuration).
  int exit_code = 0;
};

/// Merges defaults, YAML file, environment and flags (later ones win) and checks the result.
loaded_config load_config(const config_inputs& inputs);

/// The inputs of this process.
config_inputs process_inputs(int argc, const char* const* argv);

/// Reads the values again (SIGHUP) and sorts out what may change while the server runs.
struct reload_plan {
  config next;                            ///< `running` with every reloadable change in it
  std::vector<std::string> applied;       ///< keys that `next` changes
  std::vector<std::string> needs_restart; ///< keys that were changed but stay as they are
};
reload_plan plan_reload(const config& running, const config& fresh);

/// The configuration in effect as YAML that can be loaded again, with what each key means and where
/// its value comes from.
std::string print_config(const loaded_config& loaded);

/// docs/reference/configuration.md.
std::string config_reference();

/// What `roostd --help` prints.
std::string config_usage();

} // namespace roost
