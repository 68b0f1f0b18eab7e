#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "apps/roost/outcome.hpp"
#include "apps/roost/text_table.hpp"

/// The words of `roost search`. Pure.
namespace roost::cli {

/// The query of these operands. One that has a space in it was quoted for the shell: its words
/// stand next to each other.
std::string query_of(std::span<const std::string> operands);

/// The time that `text` means, as the server reads it: "30m", "2h", "7d" ago, a date in UTC, or a
/// time as RFC 3339 has it. Failures have exit status 2.
outcome<std::string> read_since(std::string_view text, std::chrono::system_clock::time_point now);

/// The hits of an answer for people: for each a line (session, title, when in local time, how the
/// command ended, its line) and the text around the match, indented, matches in bold.
std::string render_hits(const boost::json::object& answer, colour colours);

} // namespace roost::cli
