#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apps/roost/outcome.hpp"

namespace roost::cli {

struct invocation;
class program;

/// What a shell offers when the user asks to complete a value.
enum class completes : std::uint8_t {
  nothing,
  files,
  folders,
  sessions,
  sandboxes,
  channels,
  commands,
  choices
};

/// One option of a verb, or of every verb. Without a `value` it is a switch.
struct option_row {
  std::string_view name;  ///< without the dashes: "cwd"
  char letter = 0;        ///< 'd' for -d; 0: there is none
  std::string_view value; ///< the value's placeholder: "DIR"; empty: a switch
  std::string_view summary;
  completes offers = completes::nothing;
  std::string_view choices = {}; ///< separated by spaces, with completes::choices
};

/// How many words an operand takes.
enum class arity : std::uint8_t {
  one,
  optional,
  any,  ///< none or more
  rest, ///< none or more, and from the first one on nothing is read as an option
};

/// One operand of a verb, in its place.
struct operand_row {
  std::string_view name; ///< the placeholder: "ID"
  arity count = arity::one;
  completes offers = completes::nothing;
  std::string_view choices = {};
};

/// One verb. Parsing, help and completions are all made from these rows.
struct command_row {
  /// One or two words: "ls", "token create". A verb of one word may have actions besides:
  /// "channels" and "channels override".
  std::string_view name;
  std::string_view summary;
  std::string_view details; ///< paragraphs for `VERB --help`; may be empty
  std::span<const operand_row> operands;
  std::span<const option_row> options;
  /// Does the work and returns the exit status.
  outcome<int> (*run)(const invocation& call, program& self);
};

using command_table = std::span<const command_row* const>;

/// The verbs of this program, in the order of the help.
command_table all_commands() noexcept;

/// The options that every verb takes.
std::span<const option_row> global_options() noexcept;

} // namespace roost::cli
