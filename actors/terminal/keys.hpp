#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "actors/runtime/result.hpp"

namespace roost::terminal {

/// DECCKM: what a program asked the cursor keys to send.
enum class cursor_keys : std::uint8_t { normal, application };

/// The screen's modes that change what a key sends.
struct key_modes {
  cursor_keys cursor = cursor_keys::normal;
};

/// The most keys one request may name, and the longest name.
inline constexpr std::size_t max_keys = 1024;
inline constexpr std::size_t max_key_name = 32;

/// The bytes that xterm sends for a key, by its name as in tmux:
///  - one character, which stands for itself (`a`, `A`, `é`, `;`);
///  - Enter, Tab, BTab, Escape, Space, BSpace, Up, Down, Left, Right, Home, End, PgUp, PgDn,
///  Insert,
///    Delete, F1..F12, with tmux's and common aliases (Return, Esc, Backspace, PageUp, NPage, DC,
///    …); names ignore case;
///  - prefixes `C-` (or `^`, `Ctrl-`), `M-` (`Alt-`, `Meta-`), `S-` (`Shift-`), in any order.
/// A combination that has no encoding of its own (C-Enter, C-é) is refused and not sent as
/// something else. Error: bad_key, with the nearest known name. Pure.
[[nodiscard]] result<std::string> encode_key(std::string_view name, key_modes modes);

/// The bytes of several keys, in order. Error: bad_key, naming the position; more than `max_keys`.
[[nodiscard]] result<std::string> encode_keys(std::span<const std::string> names, key_modes modes);

} // namespace roost::terminal
