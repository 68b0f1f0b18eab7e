#include "actors/terminal/seam.hpp"

namespace roost::terminal {

std::string seam(const seam_place& place, std::string_view text) {
  std::string out = "\x18"; // CAN: the end of a sequence that was cut off (ECMA-48, 8.3.6; DEC)
  if (place.is_alternate)
    out += "\x1b[?1049l"; // elsewhere it would put the cursor to where it was last saved
  out += "\x1b[!p"        // DECSTR: margins, attributes, character sets, cursor keys, the cursor
         "\x1b[?7h"       // lines wrap, which a reset of some terminals takes away
         "\x1b[?9;1000;1001;1002;1003;1004;1005;1006;1015;1016;2004;2026l"
         "\x1b[0 q"        // the cursor's own shape
         "\x1b]8;;\x1b\\"; // no hyperlink
  out += place.is_at_line_begin && !place.is_alternate ? "\r" : "\r\n";
  out += "\x1b[2m[roost: ";
  out += text;
  out += "]\x1b[m\r\n";
  return out;
}

} // namespace roost::terminal
