#pragma once

#include "actors/terminal/screen/vt_table.hpp"

#include <cstdint>

namespace roost::recording {

/// What a byte of output is to somebody who reads it as text.
enum class byte_place : std::uint8_t {
  text,     ///< part of a printed character, or a tab
  payload,  ///< inside a string that the terminal is told: a title, a folder, a command line
  within,   ///< part of a sequence or control that leaves the text as it stands: a colour
  line_end, ///< a line ends
  moves,    ///< the end of a sequence, or a control, after which text goes elsewhere
};

/// What a sequence takes away.
enum class cleared : std::uint8_t {
  nothing, ///< or not all
  screen,  ///< all that it shows
  lines,   ///< those that have scrolled out of it
};

/// Says of each byte of a stream what it is, byte by byte, so that the stream may be cut anywhere.
/// Follows the parser of the screen. Pure; as large as a word.
class byte_scanner {
public:
  byte_place step(unsigned char byte) {
    const bool is_control_pair = after_c2_ && byte >= 0x80 && byte < 0xa0;
    after_c2_ = byte == 0xc2;
    const unsigned code = byte < 0x80 || is_control_pair ? byte : 0xa0;
    const auto before = phase_;
    const auto step = terminal::vt_table[static_cast<unsigned>(before)][code];
    phase_ = step.next;
    return place(before, step.action, code);
  }

  /// Whether something else may be written to the terminal here.
  [[nodiscard]] bool is_in_ground() const {
    return phase_ == terminal::vt_phase::ground && !after_c2_;
  }
  /// Whether a string of the shell's or a title is being told.
  [[nodiscard]] bool is_in_osc() const { return phase_ == terminal::vt_phase::osc_string; }
  /// What this byte, if it comes now, clears of a screen.
  [[nodiscard]] cleared clears(char byte) const {
    if (byte == 'c' && phase_ == terminal::vt_phase::escape)
      return cleared::screen;
    if (byte != 'J' || phase_ != terminal::vt_phase::csi_param || !is_plain_csi_)
      return cleared::nothing;
    return number_ == 2 ? cleared::screen : number_ == 3 ? cleared::lines : cleared::nothing;
  }

private:
  byte_place place(terminal::vt_phase before, terminal::vt_action action, unsigned code) {
    using terminal::vt_action;
    using terminal::vt_phase;
    switch (action) {
    case vt_action::print:
      return byte_place::text;
    case vt_action::execute:
      return place_of_control(code);
    case vt_action::clear:
      is_plain_csi_ = true;
      number_ = 0;
      return byte_place::within;
    case vt_action::param:
      is_plain_csi_ = is_plain_csi_ && code >= '0' && code <= '9' && number_ < 1000;
      number_ = number_ * 10 % 10000 + (code & 0xf);
      return byte_place::within;
    case vt_action::collect:
      is_plain_csi_ = false;
      return byte_place::within;
    case vt_action::osc_start:
      is_osc_number_ = true;
      return byte_place::within;
    case vt_action::osc_put:
      // The number in front says what the string is for.
      if (is_osc_number_ && ((code >= '0' && code <= '9') || code == ';')) {
        is_osc_number_ = code != ';';
        return byte_place::within;
      }
      is_osc_number_ = false;
      return byte_place::payload;
    case vt_action::dcs_put:
      return byte_place::payload;
    case vt_action::esc_dispatch:
      // Character sets, the end of a string, the keypad's mode.
      return before == vt_phase::escape_intermediate || code == '\\' || code == '=' || code == '>'
                 ? byte_place::within
                 : byte_place::moves;
    case vt_action::csi_dispatch:
      // Programs that colour single words erase to the end of the line with each colour.
      return code == 'm' || code == 'K' ? byte_place::within : byte_place::moves;
    default:
      return before == vt_phase::string_ignore && phase_ == before ? byte_place::payload
                                                                   : byte_place::within;
    }
  }

  static byte_place place_of_control(unsigned code) {
    if ((code >= '\n' && code <= '\r') || code == 0x85)
      return byte_place::line_end;
    if (code == '\t')
      return byte_place::text;
    return code == '\b' || code >= 0x80 ? byte_place::moves : byte_place::within;
  }

  terminal::vt_phase phase_ = terminal::vt_phase::ground;
  bool after_c2_ = false; ///< which begins a control of two bytes, or a character
  bool is_osc_number_ = false;
  bool is_plain_csi_ = false;
  unsigned number_ = 0;
};

} // namespace roost::recording
