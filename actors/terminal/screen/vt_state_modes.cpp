#include "actors/terminal/screen/vt_state.hpp"

#include <algorithm>
#include <string>

namespace roost::terminal {

namespace {

constexpr std::size_t max_keyboard_stack = 16;

} // namespace

// What is done for skipped output, too: everything but drawing.
bool vt_state::set_state(std::uint32_t ident, const csi_params& params) {
  auto& pg = active();
  const auto n = std::min(params.count(), 1 << 20);
  switch (ident) {
  case 'A':
    cursor_up(n);
    return true;
  case 'B':
    cursor_down(n);
    return true;
  case 'C':
  case 'a':
    move_by(n, 0);
    return true;
  case 'D':
    move_by(-n, 0);
    return true;
  case 'E':
    cursor_down(n);
    pg.x = 0;
    return true;
  case 'F':
    cursor_up(n);
    pg.x = 0;
    return true;
  case 'G':
  case '`':
    move_to(n - 1, pg.y);
    return true;
  case 'H':
  case 'f':
    move_to(std::min(params.count(1), 1 << 20) - 1, n - 1);
    return true;
  case 'I':
    if (pg.x < cols)
      for (int i = std::min(n, cols); i > 0; --i)
        pg.x = pg.next_tab(pg.x);
    return true;
  case 'Z':
    if (pg.x < cols)
      for (int i = std::min(n, cols); i > 0; --i)
        pg.x = pg.previous_tab(pg.x);
    return true;
  case 'd':
    move_to(pg.x, n - 1);
    return true;
  case 'e':
    move_by(0, n);
    return true;
  case 'g':
    if (params[0] == 0)
      pg.clear_tab(pg.x);
    else if (params[0] == 3)
      pg.clear_tabs();
    return true;
  case 'h':
    set_modes(params, true);
    return true;
  case 'l':
    set_modes(params, false);
    return true;
  case '?' << 8 | 'h':
    set_private_modes(params, true);
    return true;
  case '?' << 8 | 'l':
    set_private_modes(params, false);
    return true;
  case 'm':
    set_attributes(params);
    return true;
  case 'r':
    set_margins(params);
    return true;
  case 's':
    save_cursor();
    return true;
  case 'u':
    restore_cursor();
    return true;
  case '!' << 8 | 'p':
    soft_reset();
    return true;
  case ' ' << 8 | 'q':
    set_cursor_style(params[0]);
    return true;
  case '"' << 8 | 'q':
    if (params[0] == 1)
      pen.bg |= attributes::is_protected;
    else if (params[0] == 0 || params[0] == 2)
      pen.bg &= ~attributes::is_protected;
    pen_changed();
    return true;
  case '=' << 8 | 'u':
  case '>' << 8 | 'u':
  case '<' << 8 | 'u':
    change_keyboard(ident >> 8, params);
    return true;
  case 'c':
    if (params[0] == 0)
      reply("\x1b[?1;2c");
    return true;
  case '>' << 8 | 'c':
    if (params[0] == 0)
      reply("\x1b[>0;276;0c");
    return true;
  case 'n':
  case '?' << 8 | 'n':
    report_status(params[0], ident != 'n');
    return true;
  case '$' << 8 | 'p':
  case '?' << 16 | '$' << 8 | 'p':
    report_mode(params[0], ident > 0xffff);
    return true;
  default:
    return false;
  }
}

void vt_state::set_modes(const csi_params& params, bool on) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i] == 4)
      modes.insert = on;
    else if (params[i] == 20)
      convert_eol = on;
  }
}

void vt_state::set_private_modes(const csi_params& params, bool on) {
  for (std::size_t i = 0; i < params.size(); ++i)
    set_private_mode(params[i], on);
}

void vt_state::set_private_mode(int mode, bool on) {
  const auto track = [&](mouse_tracking tracking) {
    modes.tracking = on ? tracking : mouse_tracking::none;
  };
  const auto encode = [&](mouse_encoding encoding) {
    modes.encoding = on ? encoding : mouse_encoding::standard;
  };
  switch (mode) {
  case 1:
    modes.application_cursor_keys = on;
    break;
  case 2:
    if (on)
      for (int slot = 0; slot < 4; ++slot)
        designate(slot, ascii_charset);
    break;
  case 6:
    modes.origin = on;
    move_to(0, 0);
    break;
  case 7:
    modes.wrap = on;
    break;
  case 9:
    track(mouse_tracking::x10);
    break;
  case 12:
    blink_preference = on;
    break;
  case 25:
    cursor_visible = on;
    break;
  case 45:
    modes.reverse_wrap = on;
    break;
  case 66:
    modes.application_keypad = on;
    break;
  case 1000:
    track(mouse_tracking::vt200);
    break;
  case 1002:
    track(mouse_tracking::drag);
    break;
  case 1003:
    track(mouse_tracking::any);
    break;
  case 1004:
    modes.send_focus = on;
    break;
  case 1005:
    modes.utf8_mouse = on;
    break;
  case 1006:
    encode(mouse_encoding::sgr);
    break;
  case 1015:
    modes.urxvt_mouse = on;
    break;
  case 1016:
    encode(mouse_encoding::sgr_pixels);
    break;
  case 1048:
    if (on)
      save_cursor();
    else
      restore_cursor();
    break;
  case 1049:
    if (on)
      save_cursor();
    [[fallthrough]];
  case 47:
  case 1047:
    if (on)
      show_alt();
    else
      show_normal(mode == 1049);
    break;
  case 2004:
    modes.bracketed_paste = on;
    break;
  case 2026:
    modes.synchronized = on;
    break;
  default:
    break;
  }
}

void vt_state::show_alt() {
  if (alt_is_active)
    return;
  alt.make_rows(erase_style());
  alt.x = normal.x;
  alt.y = normal.y;
  alt_is_active = true;
}

void vt_state::show_normal(bool restores_cursor) {
  if (alt_is_active) {
    normal.x = alt.x;
    normal.y = alt.y;
    alt.drop_rows();
    alt_is_active = false;
  }
  if (restores_cursor)
    restore_cursor();
}

void vt_state::soft_reset() {
  auto& pg = active();
  cursor_visible = true;
  pg.top = 0;
  pg.bottom = rows - 1;
  pen = {};
  pen_changed();
  const auto kept = modes;
  modes = {};
  modes.tracking = kept.tracking;
  modes.encoding = kept.encoding;
  modes.utf8_mouse = kept.utf8_mouse;
  modes.urxvt_mouse = kept.urxvt_mouse;
  charsets = {};
  shift = 0;
  charset = ascii_charset;
  pg.saved = {};
  pg.saved.line = pg.base();
}

void vt_state::set_cursor_style(int style) {
  if (style == 0) {
    modes.style = cursor_style::unset;
    modes.blink.reset();
    return;
  }
  if (style <= 6)
    modes.style = static_cast<cursor_style>((style + 1) / 2);
  modes.blink = style % 2 == 1;
}

void vt_state::designate(int slot, charset_id set) {
  charsets[static_cast<std::size_t>(slot)] = set;
  if (shift == slot)
    charset = set;
}

void vt_state::invoke(int slot) {
  shift = slot;
  charset = charsets[static_cast<std::size_t>(slot)];
}

void vt_state::change_keyboard(std::uint32_t ident, const csi_params& params) {
  auto& stack = keyboard[alt_is_active ? 1 : 0];
  const auto flags = static_cast<unsigned>(params[0]) & 0x1f;
  if (ident == '>') {
    if (stack.empty())
      stack.push_back(0);
    if (stack.size() > max_keyboard_stack)
      stack.erase(stack.begin() + 1);
    stack.push_back(flags);
  } else if (ident == '<') {
    for (int i = std::min(params.count(), 64); i > 0 && !stack.empty(); --i)
      stack.pop_back();
  } else {
    if (stack.empty())
      stack.push_back(0);
    switch (params.size() > 1 ? params[1] : 1) {
    case 2:
      stack.back() |= flags;
      break;
    case 3:
      stack.back() &= ~flags;
      break;
    default:
      stack.back() = flags;
    }
  }
}

// ---- reports ----

void vt_state::report_status(int what, bool is_private) {
  const auto& pg = active();
  if (what == 5 && !is_private)
    reply("\x1b[0n");
  else if (what == 6)
    reply(std::string("\x1b[") + (is_private ? "?" : "") + std::to_string(pg.y + 1) + ';' +
          std::to_string(pg.x + 1) + 'R');
}

void vt_state::report_mode(int mode, bool is_private) {
  enum { unknown, set, unset, always_set, never_set };
  const auto is = [](bool on) { return on ? set : unset; };
  const auto value = [&]() -> int {
    if (!is_private) {
      switch (mode) {
      case 2:
        return never_set;
      case 4:
        return is(modes.insert);
      case 12:
        return always_set;
      case 20:
        return is(convert_eol);
      default:
        return unknown;
      }
    }
    switch (mode) {
    case 1:
      return is(modes.application_cursor_keys);
    case 6:
      return is(modes.origin);
    case 7:
      return is(modes.wrap);
    case 8:
      return always_set;
    case 9:
      return is(modes.tracking == mouse_tracking::x10);
    case 12:
      return is(blink_preference.value_or(false));
    case 25:
      return is(cursor_visible);
    case 45:
      return is(modes.reverse_wrap);
    case 66:
      return is(modes.application_keypad);
    case 67:
      return never_set;
    case 1000:
      return is(modes.tracking == mouse_tracking::vt200);
    case 1002:
      return is(modes.tracking == mouse_tracking::drag);
    case 1003:
      return is(modes.tracking == mouse_tracking::any);
    case 1004:
      return is(modes.send_focus);
    case 1005:
    case 1015:
      return never_set;
    case 1006:
      return is(modes.encoding == mouse_encoding::sgr);
    case 1016:
      return is(modes.encoding == mouse_encoding::sgr_pixels);
    case 1048:
      return set;
    case 47:
    case 1047:
    case 1049:
      return is(alt_is_active);
    case 2004:
      return is(modes.bracketed_paste);
    case 2026:
      return is(modes.synchronized);
    default:
      return unknown;
    }
  }();
  reply(std::string("\x1b[") + (is_private ? "?" : "") + std::to_string(mode) + ';' +
        std::to_string(value) + "$y");
}

void vt_state::report_setting(const std::string& what) {
  const auto& pg = active();
  std::string answer = "1$r";
  if (what == "\"q")
    answer += pen.bg & attributes::is_protected ? "1\"q" : "0\"q";
  else if (what == "\"p")
    answer += "61;1\"p";
  else if (what == "r")
    answer += std::to_string(pg.top + 1) + ';' + std::to_string(pg.bottom + 1) + 'r';
  else if (what == "m")
    answer += "0m"; // xterm.js does not say which attributes are set
  else if (what == " q")
    answer += blink_preference.value_or(false) ? "1 q" : "2 q";
  else
    answer = "0$r";
  reply("\x1bP" + answer + "\x1b\\");
}

} // namespace roost::terminal
