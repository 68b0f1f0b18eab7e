#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "apps/roost/outcome.hpp"

/// Forgiving readers: a server may be newer, so a field that is missing or of another kind is "not
/// there", and fields that are not known are not looked at.
namespace roost::cli {

/// The object in `text`, or nothing if it is no JSON object.
std::optional<boost::json::object> read_object(std::string_view text);

/// The field's string, or "".
std::string text_field(const boost::json::object& from, std::string_view name);
/// The field's whole number, if it is one.
std::optional<std::int64_t> number_field(const boost::json::object& from, std::string_view name);
/// The field's truth, if it is true or false.
std::optional<bool> flag_field(const boost::json::object& from, std::string_view name);

/// The exit status that stands for how a session's program ended: its `exit_status` (or `status`),
/// or 128+N after `signal` (a number, or a name with or without SIG). Nothing while it runs.
std::optional<int> ended_with(const boost::json::object& session_or_event);

/// "exit 3", "signal HUP": how it ended, for people; "" while it runs.
std::string ended_text(const boost::json::object& session_or_event);

} // namespace roost::cli
