#pragma once

#include <string>
#include <string_view>

namespace roost::terminal {

/// Where the line of a seam goes: below all text of the normal screen, so that it and what the next
/// program prints overwrite nothing.
struct seam_place {
  int cursor_row = 0; ///< from 0
  int cursor_col = 0; ///< from 0
  int last_row = -1;  ///< the last one with text; -1: there is none
};

/// What the server writes into a session's output when a program has ended and the session goes on,
/// so that what the program has left behind does not meet the next one: the end of a sequence that
/// was cut off, out of the alternate screen, all modes as after a reset (DECSTR, and those that it
/// leaves out: mouse, focus, bracketed paste, keyboard, colours, hyperlinks, synchronized output).
/// Text stays; so does the scrollback. Every terminal that reads the output gets into the same
/// state. @param is_alternate the screen of a full-screen program is shown. Pure.
std::string seam_reset(bool is_alternate);

/// The line that says what happened, after `seam_reset`. `text` has no control characters. Pure.
std::string seam_line(const seam_place& place, std::string_view text);

} // namespace roost::terminal
