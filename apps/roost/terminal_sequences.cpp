#include "apps/roost/terminal_sequences.hpp"

#include "apps/roost/text_table.hpp"

namespace roost::cli {

namespace {

// In this order: the ones that move the cursor or that a terminal may misread as an attribute come
// before those that put cursor and attributes right.
constexpr std::string_view reset_modes = "\x1b[?1049l"              // main screen
                                         "\x1b[<99u"                // kitty keyboard: empty stack
                                         "\x1b[=0;1u"               // … and no flags
                                         "\x1b[>4m"                 // xterm: modifyOtherKeys
                                         "\x1b[?1l\x1b>"            // cursor keys, keypad
                                         "\x1b[?5l\x1b[?6l\x1b[?7h" // video, origin, autowrap
                                         "\x1b[4l\x1b[20l"          // insert, newline
                                         "\x1b[?9l\x1b[?1000l"      // mouse
                                         "\x1b[?1002l\x1b[?1003l"   //
                                         "\x1b[?1005l\x1b[?1006l"   //
                                         "\x1b[?1015l\x1b[?1016l"   //
                                         "\x1b[?1004l\x1b[?2004l"   // focus, bracketed paste
                                         "\x1b[?2026l"              // synchronized output
                                         "\x1b[?2031l\x1b[?2048l"   // theme and size reports
                                         "\x1b[?69l\x1b[r"          // margins
                                         "\x1b]8;;\x1b\\"           // hyperlink
                                         "\x1b(B\x1b)B\x0f"         // ASCII
                                         "\x1b[0 q\x1b[?25h\x1b[m"; // cursor, attributes

std::string last_line(terminal_size size) { return "\x1b[" + std::to_string(size.rows) + ";1H"; }

} // namespace

std::string_view enter_sequence() noexcept { return "\x1b[22;0t"; }

std::string_view reset_modes_sequence() noexcept { return reset_modes; }

std::string leave_sequence(terminal_size size) {
  std::string text = "\x18\x1b\\";
  text += reset_modes;
  return text + "\x1b[23;0t" + last_line(size) + "\r\n";
}

std::string make_room_sequence(terminal_size size, room which) {
  std::string text(reset_modes);
  if (which == room::first) {
    text += last_line(size);
    text.append(size.rows, '\n');
  }
  return text + "\x1b[H\x1b[2J";
}

std::string_view without_reset(std::string_view snapshot) noexcept {
  if (snapshot.starts_with("\x1b"
                           "c"))
    snapshot.remove_prefix(2);
  return snapshot;
}

std::string status_line_sequence(terminal_size size, std::string_view text) {
  auto shown = cut_to_width(printable(text), size.columns);
  shown.append(size.columns - display_width(shown), ' ');
  return "\x1b"
         "7\x1b[?6l" +
         last_line(size) + "\x0f\x1b(B\x1b[0;7m" + shown +
         "\x1b[m\x1b"
         "8";
}

} // namespace roost::cli
