#pragma once

#include <sys/ioctl.h>

#include <optional>

#include "apps/keeper/descriptor.hpp"

namespace roost::keeper {

/// Both sides of a PTY.
struct terminal {
  descriptor master; ///< does not block
  descriptor program;
};

/// Opens a PTY with the settings of a fresh Linux console. `owner`: whom the program's side shall
/// belong to. Nothing: errno says why.
std::optional<terminal> open_terminal(const winsize& size, std::optional<uid_t> owner);

} // namespace roost::keeper
