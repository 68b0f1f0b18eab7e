#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The text forms that HTTP and credentials need. Pure; each reader refuses what it does not
/// understand instead of guessing.
namespace roost::connection {

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::span<const std::byte> bytes);
/// Reads what `to_hex` writes; nothing for an odd length or any other character.
std::optional<std::vector<std::byte>> from_hex(std::string_view text);

/// RFC 4648 base64url without padding: fit for URLs, cookies and headers as it is.
std::string to_base64url(std::span<const std::byte> bytes);

/// Decodes %XX. Nothing when a '%' is not followed by two hexadecimal digits, or when the result
/// would hold a NUL, which no name of ours has and C interfaces would cut.
std::optional<std::string> percent_decode(std::string_view text);

/// Decodes `a=1&b=two+words` into pairs in order; '+' is a space. A part without '=' has an empty
/// value; empty parts are skipped. Nothing when a part is badly encoded.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text);

/// The target of a request line in origin form, taken apart.
struct request_target {
  std::string path; ///< percent-decoded, begins with '/', has no "." or ".." segment
  std::vector<std::pair<std::string, std::string>> query;
};

/// Reads an origin-form target (`/path?query`). Nothing for the other forms (absolute, authority,
/// '*'), bad encoding, control characters, an encoded slash (which would change the path's shape)
/// or dot segments, so that what is routed is what was written.
std::optional<request_target> parse_target(std::string_view text);

/// Lower-case copy; ASCII only, as header names and host names are.
std::string to_lower(std::string_view text);
/// Whether the two are equal but for the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);
/// Without spaces, tabs and line ends at both ends.
std::string_view trim(std::string_view text);
/// Whether a comma-separated header value has this token, ignoring case (`Connection: keep-alive,
/// Upgrade`).
bool has_token(std::string_view list, std::string_view token);

} // namespace roost::connection
