#pragma once

#include "actors/runtime/clock.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace roost::connection::api {

/// "2026-01-31T12:00:00.000Z": UTC with milliseconds, as all answers have times.
std::string rfc3339(wall_time when);

/// A time as callers write it: a date, `T` or a space, a time with or without a fraction, and `Z`
/// or an offset ("+02:00", whose `+` may have become a space in a URL). Nothing for anything else.
/// A leap second is the second after.
std::optional<wall_time> parse_rfc3339(std::string_view text);

} // namespace roost::connection::api
