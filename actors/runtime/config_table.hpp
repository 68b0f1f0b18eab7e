#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime/config.hpp"
#include "actors/runtime/yaml_tree.hpp"

namespace roost {

/// Says what is wrong at a place below a section; `below` is the path from there ("ci.network").
using complaint =
    std::function<void(text_position at, const std::string& below, std::string message)>;

/// A path as it is seen from where the text was written: absolute, with ~/ resolved.
using path_resolver = std::function<std::string(const std::string& path)>;

/// Reads, shows and copies one value of a `config`.
struct config_value {
  /// What may stand there, for messages and the reference: "a whole number from 1 to 10000".
  std::string expects;
  /// How the value is written outside YAML (environment, flags).
  enum class shape : std::uint8_t { scalar, list, section } form = shape::scalar;
  /// A file name, which is resolved against the folder of whoever wrote it.
  bool is_path = false;
  /// Stores the value; says what is wrong with it otherwise (and then changes nothing).
  std::function<std::optional<std::string>(config& into, const yaml_node& from)> read;
  /// In place of `read` for a section with keys of its own: complains about each.
  std::function<void(config& into, const yaml_node& from, const complaint& complain,
                     const path_resolver& resolve)>
      read_section;
  /// The value as YAML on one line.
  std::function<std::string(const config& from)> show;
  std::function<void(config& into, const config& from)> copy;
};

enum class reload : std::uint8_t { needs_restart, at_once };

/// One key. Parsing, ranges, environment names, `--print-config`, "did you mean" and the reference
/// page all come from these rows; a new setting is one row and one member of `config`.
struct config_row {
  std::string_view path; ///< "terminals.max"
  std::string_view doc;  ///< full sentences
  reload reloadable = reload::needs_restart;
  config_value value;
  bool is_profile_key = false; ///< also a key of `limits` in a sandbox profile
};

/// The rows, grouped by section in the order of the printed configuration.
const std::vector<config_row>& config_table();

/// ROOST_TERMINALS_MAX for terminals.max.
std::string environment_name(std::string_view path);

/// Keys of the full contract that this version does not implement, with their documented defaults.
/// A file may hold them as long as it leaves them at their defaults.
const yaml_node& reserved_config();

} // namespace roost
