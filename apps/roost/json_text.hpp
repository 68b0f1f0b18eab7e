#pragma once

#include <string>
#include <string_view>

/// JSON as text, so that what a helper answered is shown with its own digits and in its own order.
/// All take text that is valid JSON. Pure.
namespace roost::cli {

/// The text of the member of the object `json`; the last one of several, "" if there is none.
std::string_view raw_member(std::string_view json, std::string_view name);

/// Without spaces and line ends between the tokens.
std::string compact_json(std::string_view json);

/// Over several lines, two spaces deeper at each level; ends without a line end.
std::string pretty_json(std::string_view json);

} // namespace roost::cli
