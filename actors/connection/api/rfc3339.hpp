#pragma once

#include "actors/runtime/clock.hpp"

#include <optional>
#include <string_view>

namespace roost::connection::api {

/// A time as RFC 3339 has it, `2026-11-23T05:12:35.5Z` or with an offset such as `+01:00`; finer
/// than a microsecond is cut off. Nothing for any other text, and for days that do not exist.
std::optional<wall_time> parse_rfc3339(std::string_view text);

} // namespace roost::connection::api
