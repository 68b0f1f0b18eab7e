#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roost::terminal {

/// An X11 colour specification as programs send it in OSC 4 and 10 to 12: `rgb:r/g/b` with one to
/// four hexadecimal digits each, or `#` and 3, 6, 9 or 12 digits. Nothing for any other text.
[[nodiscard]] std::optional<std::uint32_t> parse_color(std::string_view text);

/// `rgb:rrrr/gggg/bbbb`, the form in which terminals answer.
[[nodiscard]] std::string format_color(std::uint32_t rgb);

/// The palette's colours until a program changes them: xterm.js' default theme.
[[nodiscard]] std::uint32_t default_palette_color(unsigned index);
inline constexpr std::uint32_t default_foreground = 0xffffff;
inline constexpr std::uint32_t default_background = 0x000000;
inline constexpr std::uint32_t default_cursor_color = 0xffffff;

} // namespace roost::terminal
