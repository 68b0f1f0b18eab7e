#pragma once

#include <cstdint>

namespace roost::terminal {

/// A 7-bit character set, by the final byte that designates it (`ESC ( 0`). 0 is US ASCII.
using charset_id = char;

inline constexpr charset_id ascii_charset = 0;

/// Whether `final` designates a character set, and which: sets with two names get the first.
/// ASCII (`B`) is ascii_charset.
[[nodiscard]] bool find_charset(char final, charset_id& set);

/// What an ASCII code stands for in a set.
[[nodiscard]] char32_t map_charset(charset_id set, char32_t code);

/// A code that stands for `wanted` in a set; 0 when none does.
[[nodiscard]] char32_t unmap_charset(charset_id set, char32_t wanted);

} // namespace roost::terminal
