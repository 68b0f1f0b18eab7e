#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roost::cli {

/// A terminal's size in cells.
struct terminal_size {
  unsigned columns = 80;
  unsigned rows = 24;
  friend bool operator==(const terminal_size&, const terminal_size&) = default;
};

/// Before the first byte: keeps the user's window title on the terminal's title stack.
std::string_view enter_sequence() noexcept;

/// Puts every mode that a program may have set back to what a shell expects: main screen, mouse,
/// focus and paste reports off, cursor visible and of the usual shape, cursor and keypad keys
/// normal, no margins, no attributes, ASCII, kitty's and xterm's keyboard modes off. Moves the
/// cursor; leaves the user's scrollback and palette alone.
std::string_view reset_modes_sequence() noexcept;

/// What is written last, whatever happened: breaks an unfinished sequence off, resets the modes,
/// gives the title back and puts the cursor on an empty last line.
std::string leave_sequence(terminal_size size);

/// Makes room for a snapshot in place of its `ESC c`, which would wipe the user's scrollback. The
/// first time, what the user's screen showed is scrolled up into the scrollback.
enum class room : bool { first, again };
std::string make_room_sequence(terminal_size size, room which);

/// A snapshot's bytes without their leading `ESC c`.
std::string_view without_reset(std::string_view snapshot) noexcept;

/// `text` in reverse video on the last line; the cursor and its attributes stay as they were.
std::string status_line_sequence(terminal_size size, std::string_view text);

} // namespace roost::cli
