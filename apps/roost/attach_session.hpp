#pragma once

#include <string>

#include "apps/roost/key_sequence.hpp"
#include "apps/roost/session_link.hpp"

namespace roost::cli {

/// What `roost attach` and `roost new` need to know.
struct attach_options {
  link_options link;
  std::string title; ///< for people; may be empty
  detach_sequence detach;
  bool is_quiet = false;
};

/// Connects the user's terminal with a session until the user detaches, the session ends or coming
/// back is of no use. Returns 0 after detaching, the session's own status, or 128+N after a signal.
/// Whatever happens, the terminal is given back as it was. Blocks; one at a time in a process.
outcome<int> attach_terminal(attach_options options);

} // namespace roost::cli
