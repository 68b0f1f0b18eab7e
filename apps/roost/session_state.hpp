#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

#include "apps/roost/text_table.hpp"

/// A session's state as tables show it. Pure.
namespace roost::cli {

/// The second that an RFC 3339 time in UTC is in; nothing if it is none.
std::optional<std::chrono::system_clock::time_point> utc_second(std::string_view rfc3339);

/// "running", "running (2 restarts)", "starts in 3 s", "exit 1, given up", "signal HUP (idle)":
/// where `session` is at `now`, for people.
table_cell state_cell(const boost::json::object& session,
                      std::chrono::system_clock::time_point now);

} // namespace roost::cli
