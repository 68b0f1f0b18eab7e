#pragma once

#include <span>
#include <string>

#include "apps/roost/command_table.hpp"

namespace roost::cli {

/// "roost send [options] ID [TEXT…]", from the verb's row.
std::string usage_line(const command_row& row);

/// What `roost --help` prints.
std::string program_help(command_table table, std::span<const option_row> globals);

/// What `roost VERB --help` prints.
std::string command_help(const command_row& row, std::span<const option_row> globals);

} // namespace roost::cli
