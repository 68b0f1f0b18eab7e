#pragma once

#include <string>
#include <string_view>

namespace roost::terminal {

/// Where the output of one program ends and that of the next begins.
struct seam_place {
  bool is_alternate = false;     ///< the screen of a full-screen program is shown
  bool is_at_line_begin = false; ///< of the screen that is shown
};

/// What the server writes into a session's output between two programs, so that what the first has
/// left behind does not meet the second: out of the alternate screen, all modes as after a reset
/// (DECSTR, and those that it leaves out: mouse, focus, bracketed paste, hyperlinks, synchronized
/// output), and a line that says what happened. Text stays; so does the scrollback. Every terminal
/// that reads the output gets into the same state. `text` has no control characters. Pure.
std::string seam(const seam_place& place, std::string_view text);

} // namespace roost::terminal
