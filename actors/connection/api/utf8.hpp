#pragma once

#include <string>
#include <string_view>

namespace roost::connection::api {

/// `text` with every byte that is not part of valid UTF-8 (RFC 3629: no surrogates, no overlong
/// form, nothing beyond U+10FFFF) replaced by U+FFFD. Valid text comes back as it is.
std::string valid_utf8(std::string_view text);

/// Whether all of `text` is valid UTF-8.
bool is_valid_utf8(std::string_view text);

} // namespace roost::connection::api
