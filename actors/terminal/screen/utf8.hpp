#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace roost::terminal {

/// Appends `code` (below 2^21) as UTF-8.
inline void append_utf8(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

/// Length of the sequence that `lead` begins; 0 when no sequence begins with it.
constexpr std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80)
    return 1;
  if ((lead & 0xe0) == 0xc0)
    return 2;
  if ((lead & 0xf0) == 0xe0)
    return 3;
  return (lead & 0xf8) == 0xf0 ? 4 : 0;
}

constexpr bool is_utf8_continuation(unsigned char byte) { return (byte & 0xc0) == 0x80; }

/// What a whole sequence of `length` bytes stands for; 0 for what a terminal drops: overlong forms,
/// surrogates, byte order marks, and numbers past Unicode's end.
constexpr char32_t decode_utf8(const unsigned char* bytes, std::size_t length) {
  switch (length) {
  case 1:
    return bytes[0];
  case 2: {
    const char32_t code = char32_t(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f);
    return code < 0x80 ? 0 : code;
  }
  case 3: {
    const char32_t code =
        char32_t(bytes[0] & 0x0f) << 12 | char32_t(bytes[1] & 0x3f) << 6 | (bytes[2] & 0x3f);
    return code < 0x800 || (code >= 0xd800 && code <= 0xdfff) || code == 0xfeff ? 0 : code;
  }
  case 4: {
    const char32_t code = char32_t(bytes[0] & 0x07) << 18 | char32_t(bytes[1] & 0x3f) << 12 |
                          char32_t(bytes[2] & 0x3f) << 6 | (bytes[3] & 0x3f);
    return code < 0x10000 || code > 0x10ffff ? 0 : code;
  }
  default:
    return 0;
  }
}

} // namespace roost::terminal
