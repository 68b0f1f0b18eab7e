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

/// Whom the program's side of a PTY shall belong to. With a group, that one may write to it, as
/// after a login (0620).
struct terminal_owner {
  uid_t user = 0;
  std::optional<gid_t> group;
};

/// Opens a PTY with the settings of a fresh Linux console. Without an owner it is the keeper's.
/// Nothing: errno says why.
std::optional<terminal> open_terminal(const winsize& size,
                                      const std::optional<terminal_owner>& owner);

} // namespace roost::keeper
