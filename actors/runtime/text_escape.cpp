#include "actors/runtime/text_escape.hpp"

#include <cstdint>
#include <iterator>

#include <fmt/format.h>

namespace roost {

namespace {

struct decoded {
  std::uint32_t code = 0;
  std::size_t size = 0; ///< bytes taken; 0: not UTF-8
};

/// One character after RFC 3629: shortest form only, no surrogates, at most U+10FFFF.
decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size)
    return {};
  std::uint32_t code = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0U) != 0x80U)
      return {};
    code = code << 6U | (byte & 0x3fU);
  }
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < smallest[size] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    return {};
  return {code, size};
}

bool is_invisible(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

} // namespace

void append_visible(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto [code, size] = decode(text);
    if (size == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (code == '\\')
      out += "\\\\";
    else if (code == '\n')
      out += "\\n";
    else if (code == '\r')
      out += "\\r";
    else if (code == '\t')
      out += "\\t";
    else if (code < 0x80 && is_invisible(code))
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", code);
    else if (is_invisible(code))
      fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", code);
    else
      out += text.substr(0, size);
    text.remove_prefix(size);
  }
}

void append_json(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto [code, size] = decode(text);
    if (size == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    if (code == '"' || code == '\\') {
      out += '\\';
      out += static_cast<char>(code);
    } else if (code == '\n')
      out += "\\n";
    else if (is_invisible(code))
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", code);
    else
      out += text.substr(0, size);
    text.remove_prefix(size);
  }
}

void append_storable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto [code, size] = decode(text);
    const auto taken = size == 0 ? std::size_t{1} : size;
    out += size == 0 || code == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, taken);
    text.remove_prefix(taken);
  }
}

std::string_view utf8_prefix(std::string_view text, std::size_t limit) {
  if (text.size() <= limit)
    return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80U)
    --limit;
  return text.substr(0, limit);
}

} // namespace roost
