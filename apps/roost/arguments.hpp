#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/roost/command_table.hpp"

namespace roost::cli {

/// A command line that fits the table.
struct invocation {
  const command_row* command = nullptr; ///< null: no verb was named (help or version)
  bool wants_help = false;
  bool wants_version = false;
  std::vector<std::pair<std::string_view, std::string>> options; ///< by long name, in order
  std::vector<std::string> operands;

  /// True if the option was given.
  [[nodiscard]] bool has(std::string_view name) const;
  /// The value that was given last, if any.
  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  /// Every value in order, for options that may be repeated.
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
};

/// Reads `words` (argv without the program's name) against the table. `--name value`,
/// `--name=value`,
/// `-n value`, `-nvalue` and clusters of switches (`-dq`) are understood; options and operands may
/// mix, `--` ends the options, and so does the first word of an operand with arity::rest. Failures
/// have exit status 2 and name the nearest thing that exists. Pure.
outcome<invocation> parse_arguments(command_table table, std::span<const option_row> globals,
                                    std::span<const std::string> words);

} // namespace roost::cli
