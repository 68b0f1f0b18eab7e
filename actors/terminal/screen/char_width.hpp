#pragma once

#include <cstdint>

namespace roost::terminal {

/// Cells that a printable code point takes: 0 (combining), 1 or 2. The widths of Unicode 6, as
/// xterm.js has them by default: emoji take one cell, since a snapshot must wrap where the
/// browser's terminal wraps.
[[nodiscard]] unsigned char_width(char32_t code);

} // namespace roost::terminal
