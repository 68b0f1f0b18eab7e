#pragma once

#include "actors/runtime/config.hpp"

#include <optional>
#include <string_view>

namespace roost {

/// What `roostd migrate WHAT` does.
enum class migrate_action : std::uint8_t { status, up, verify };

std::optional<migrate_action> find_migrate_action(std::string_view name);

/// Looks at the schema of the configured database, or brings it up, and says so on standard output.
/// Blocks. @returns the exit status: 0 done, or all is as it should be; 1 the answer is no, and
/// standard error says why; 69 the database cannot be reached; 70, 75, 78 as `roostd` itself.
int migrate(const config& settings, migrate_action what);

} // namespace roost
