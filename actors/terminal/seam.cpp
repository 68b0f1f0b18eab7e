#include "actors/terminal/seam.hpp"

namespace roost::terminal {

namespace {

// All that a program may have pushed, on the screen that is shown (kitty's keyboard protocol).
constexpr std::string_view pop_keyboard = "\x1b[<64u";

} // namespace

std::string seam_reset(bool is_alternate) {
  std::string out = "\x18"; // CAN: the end of a sequence that was cut off (ECMA-48, 8.3.6; DEC)
  if (is_alternate)
    // 1049 elsewhere would put the cursor to where it was last saved.
    out.append(pop_keyboard).append("\x1b[?1049l");
  out += "\x1b[!p"  // DECSTR: margins, attributes, character sets, cursor keys, the cursor
         "\x1b[?7h" // lines wrap, which a reset of some terminals takes away
         "\x1b[?9;1000;1001;1002;1003;1004;1005;1006;1015;1016;2004;2026l"
         "\x1b[20l"  // a line feed is no new line
         "\x1b[>4m"; // keys as xterm sends them by default
  out += pop_keyboard;
  out += "\x1b[0 q"                                                 // the cursor's own shape
         "\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\" // the viewer's colours
         "\x1b]8;;\x1b\\";                                          // no hyperlink
  return out;
}

std::string seam_line(const seam_place& place, std::string_view text) {
  std::string out;
  if (place.last_row > place.cursor_row)
    out = "\x1b[" + std::to_string(place.last_row + 1) + ";1H";
  out += place.cursor_col == 0 && place.last_row < place.cursor_row ? "\r" : "\r\n";
  out += "\x1b[J" // below all text there may be erased cells with a colour
         "\x1b[2m[roost: ";
  out += text;
  out += "]\x1b[m\r\n";
  return out;
}

} // namespace roost::terminal
