#include "actors/terminal/screen/vt_state.hpp"

#include <algorithm>
#include <array>

namespace roost::terminal {

namespace {

void set_color(std::uint32_t& target, std::uint32_t color) {
  target = (target & ~color_bits::mask) | color;
}

constexpr std::uint32_t ansi(int index) {
  return color_bits::ansi | static_cast<std::uint32_t>(index);
}

} // namespace

void vt_state::reset_attributes() {
  pen.fg = 0;
  pen.bg = 0;
  pen.line = 0;
  pen.update_extended(); // a hyperlink goes on
}

void vt_state::set_underline(std::uint32_t style) {
  pen.set_style(style);
  if (style == 0)
    pen.fg &= ~attributes::underline;
  else
    pen.fg |= attributes::underline;
  pen.update_extended();
}

void vt_state::set_attributes(const csi_params& params) {
  pen_changed();
  for (std::size_t i = 0; i < params.size(); ++i) {
    const auto p = params[i];
    if (p >= 30 && p <= 37) {
      set_color(pen.fg, ansi(p - 30));
    } else if (p >= 40 && p <= 47) {
      set_color(pen.bg, ansi(p - 40));
    } else if (p >= 90 && p <= 97) {
      set_color(pen.fg, ansi(p - 90 + 8));
    } else if (p >= 100 && p <= 107) {
      set_color(pen.bg, ansi(p - 100 + 8));
    } else {
      switch (p) {
      case 0:
        reset_attributes();
        break;
      case 1:
        pen.fg |= attributes::bold;
        break;
      case 2:
        pen.bg |= attributes::dim;
        break;
      case 3:
        pen.bg |= attributes::italic;
        break;
      case 4: {
        const auto subs = params.subs(i);
        const auto style = subs.empty() ? 1 : subs[0];
        set_underline(style < 0 || style > 5 ? 1 : static_cast<std::uint32_t>(style));
        break;
      }
      case 5:
        pen.fg |= attributes::blink;
        break;
      case 7:
        pen.fg |= attributes::inverse;
        break;
      case 8:
        pen.fg |= attributes::invisible;
        break;
      case 9:
        pen.fg |= attributes::strike;
        break;
      case 21:
        set_underline(2);
        break;
      case 22:
        pen.fg &= ~attributes::bold;
        pen.bg &= ~attributes::dim;
        break;
      case 23:
        pen.bg &= ~attributes::italic;
        break;
      case 24:
        set_underline(0);
        break;
      case 25:
        pen.fg &= ~attributes::blink;
        break;
      case 27:
        pen.fg &= ~attributes::inverse;
        break;
      case 28:
        pen.fg &= ~attributes::invisible;
        break;
      case 29:
        pen.fg &= ~attributes::strike;
        break;
      case 38:
      case 48:
      case 58:
        i += set_extended_color(params, i);
        break;
      case 39:
        set_color(pen.fg, 0);
        break;
      case 49:
        set_color(pen.bg, 0);
        break;
      case 53:
        pen.bg |= attributes::overline;
        break;
      case 55:
        pen.bg &= ~attributes::overline;
        break;
      case 59:
        // The default underline colour is white in xterm.js, not that of the text.
        pen.line |= color_bits::mask;
        pen.update_extended();
        break;
      default:
        break;
      }
    }
  }
}

// SGR 38, 48 and 58 in all their spellings: `38;5;n`, `38;2;r;g;b`, `38:5:n`, `38:2:r:g:b`,
// `38:2::r:g:b`, and mixtures. Collects into six slots: target, kind, colour space (which the
// semicolon form has not got), and up to three values. @returns how many parameters were taken
// besides the first.
std::size_t vt_state::set_extended_color(const csi_params& params, std::size_t at) {
  constexpr std::size_t slots = 6;
  std::array<std::int32_t, slots + 1> slot = {0, 0, -1, 0, 0, 0, 0};
  std::size_t space = 0; // 1 once the slot of the colour space is passed over
  std::size_t taken = 0;
  for (;;) {
    slot[taken + space] = params[at + taken];
    if (const auto subs = params.subs(at + taken); !subs.empty()) {
      for (std::size_t i = 0; i < subs.size(); ++i) {
        if (i > 0 && taken + i + 1 + space >= slots)
          break;
        if (slot[1] == 5)
          space = 1;
        slot[std::min(taken + i + 1 + space, slots)] = subs[i];
      }
      break;
    }
    if ((slot[1] == 5 && taken + space >= 2) || (slot[1] == 2 && taken + space >= 5))
      break;
    if (slot[1] != 0)
      space = 1;
    ++taken;
    if (at + taken >= params.size() || taken + space >= slots)
      break;
  }
  const auto value = [&](std::size_t i) {
    return static_cast<std::uint32_t>(std::max(slot[i], 0)) & 0xff;
  };
  std::uint32_t color = 0;
  if (slot[1] == 2)
    color = color_bits::rgb | value(3) << 16 | value(4) << 8 | value(5);
  else if (slot[1] == 5)
    color = color_bits::palette | value(3);
  else
    return taken;
  if (slot[0] == 38)
    set_color(pen.fg, color);
  else if (slot[0] == 48)
    set_color(pen.bg, color);
  else if (slot[0] == 58)
    set_color(pen.line, color);
  return taken;
}

} // namespace roost::terminal
