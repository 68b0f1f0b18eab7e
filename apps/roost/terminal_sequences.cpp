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

constexpr unsigned tab_width = 8;

std::string last_line(terminal_size size) { return "\x1b[" + std::to_string(size.rows) + ";1H"; }

} // namespace

std::string_view enter_sequence() noexcept { return "\x1b[22;0t"; }

std::string_view quiet_reports_sequence() noexcept { return "\x1b[?1004l\x1b[?2031l\x1b[?2048l"; }

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
  text += "\x1b[3g";
  for (unsigned column = tab_width + 1; column <= size.columns; column += tab_width)
    text += "\x1b[" + std::to_string(column) + "G\x1bH";
  return text + "\x1b[H\x1b[2J\x1b"
                "7";
}

std::string adapt_snapshot(std::string_view snapshot) {
  constexpr std::string_view reset = "\x1b"
                                     "c";
  constexpr std::string_view wipe = "\x1b[3J";
  constexpr std::string_view other_screen = "\x1b[?47h";
  constexpr std::string_view main_screen = "\x1b[?47l";
  if (snapshot.starts_with(reset))
    snapshot.remove_prefix(reset.size());
  std::string text(snapshot);
  for (auto at = text.find(wipe); at != std::string::npos; at = text.find(wipe, at))
    text.erase(at, wipe.size());
  const auto entered = text.rfind(other_screen);
  if (entered != std::string::npos && text.find(main_screen, entered) == std::string::npos)
    text.replace(entered, other_screen.size(),
                 "\x1b"
                 "8\x1b[?1049h");
  return text;
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
