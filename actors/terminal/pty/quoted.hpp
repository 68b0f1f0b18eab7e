#pragma once

#include <string>
#include <string_view>

#include "actors/runtime/text_escape.hpp"

namespace roost::terminal {

/// A caller's value as error texts show it: in quotes, bounded, safe on the caller's own terminal.
inline std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 256;
  std::string out = "\"";
  append_visible(out, utf8_prefix(text, longest));
  out += text.size() > longest ? "...\"" : "\"";
  return out;
}

} // namespace roost::terminal
