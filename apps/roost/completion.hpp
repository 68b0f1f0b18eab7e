#pragma once

#include <span>
#include <string>
#include <string_view>

#include "apps/roost/command_table.hpp"

namespace roost::cli {

/// The completion script for `shell` (bash, zsh or fish), made from the table of commands. Session
/// ids are asked of the server at the time of completing, by `roost ls --quiet`. Fails with exit
/// status 2 for another shell. Pure.
outcome<std::string> completion_script(std::string_view shell, command_table table,
                                       std::span<const option_row> globals);

} // namespace roost::cli
