#pragma once

#include <span>
#include <string>
#include <string_view>

#include "apps/roost/outcome.hpp"

namespace roost::cli {

/// What choosing a session needs to know of it.
struct session_brief {
  std::string id;
  std::string title;
  std::string state;
};

/// The id of the session that `word` means: its id, else its title, else the start of its id. Where
/// several have the title, the only one that still lives is meant. Nothing fits: exit status 1;
/// several fit: exit status 2, and the failure lists them. Pure.
outcome<std::string> choose_session(std::span<const session_brief> sessions, std::string_view word);

} // namespace roost::cli
