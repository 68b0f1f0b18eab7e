#pragma once

#include <string>
#include <string_view>

namespace roost {

/// Appends `text` so that it is safe on a person's terminal and stays on one line: control
/// characters (C0, DEL, C1), invisible direction marks and bytes that are not UTF-8 become visible
/// escapes (\n, \x1b, \u{202e}); a backslash is doubled.
void append_visible(std::string& out, std::string_view text);

/// Appends `text` as the inside of a JSON string (without the quotes). Bytes that are not UTF-8
/// become U+FFFD, since JSON has no way to carry them.
void append_json(std::string& out, std::string_view text);

/// Appends `text` as what every database takes for text: zeros and bytes that are not UTF-8 become
/// U+FFFD.
void append_storable(std::string& out, std::string_view text);

/// The longest prefix of `text` of at most `limit` bytes that does not cut a UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t limit);

} // namespace roost
