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

/// Switches off what a terminal reports without a key being pressed: focus, colour theme and size.
/// A snapshot switches on again what the session wants.
std::string_view quiet_reports_sequence() noexcept;

/// Puts every mode that a program may have set back to what a shell expects: main screen, mouse,
/// focus and paste reports off, cursor visible and of the usual shape, cursor and keypad keys
/// normal, no margins, no attributes, ASCII, kitty's and xterm's keyboard modes off. Moves the
/// cursor; leaves the user's scrollback and palette alone.
std::string_view reset_modes_sequence() noexcept;

/// What is written last, whatever happened: breaks an unfinished sequence off, resets the modes,
/// gives the title back and puts the cursor on an empty last line.
std::string leave_sequence(terminal_size size);

/// Makes room for a snapshot in place of its `ESC c`, which would wipe the user's scrollback: what
/// a reset brings about and a snapshot counts on (modes, tab stops, saved cursor, empty screen).
/// The first time, what the user's screen showed is scrolled up into the scrollback.
enum class room : bool { first, again };
std::string make_room_sequence(terminal_size size, room which);

/// A snapshot's bytes for a terminal that is not reset and keeps its scrollback: without `ESC c`
/// and `CSI 3 J`; and the other screen, if it is shown, is entered with an empty page and the
/// cursor saved, so that leaving it puts the cursor where the program expects it.
std::string adapt_snapshot(std::string_view snapshot);

/// `text` in reverse video on the last line; the cursor and its attributes stay as they were.
std::string status_line_sequence(terminal_size size, std::string_view text);

} // namespace roost::cli
