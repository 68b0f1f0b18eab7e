#pragma once

#include <array>
#include <cstdint>

namespace roost::terminal {

/// The states of the parser, after Paul Williams' state machine for DEC terminals
/// (https://vt100.net/emu/dec_ansi_parser).
enum class vt_phase : std::uint8_t {
  ground,
  escape,
  escape_intermediate,
  csi_entry,
  csi_param,
  csi_intermediate,
  csi_ignore,
  string_ignore, ///< SOS, PM and APC
  osc_string,
  dcs_entry,
  dcs_param,
  dcs_intermediate,
  dcs_ignore,
  dcs_passthrough,
};
inline constexpr unsigned vt_phase_count = 14;

enum class vt_action : std::uint8_t {
  none,
  print,
  execute,
  clear,
  collect,
  param,
  esc_dispatch,
  csi_dispatch,
  osc_start,
  osc_put,
  osc_end,
  dcs_hook,
  dcs_put,
  dcs_unhook,
};

struct vt_step {
  vt_action action = vt_action::none;
  vt_phase next = vt_phase::ground;
};

/// What to do with a code in a phase. Codes from 0xa0 up (printable beyond ASCII) share one column.
/// Where the drawing leaves room, this follows xterm.js, since snapshots must leave both parsers in
/// the same state: a string that meets a printable character where none is allowed falls back to
/// the ground; C1 controls work in every phase, as two-byte UTF-8.
constexpr vt_step vt_rule(vt_phase phase, unsigned code) {
  using enum vt_phase;
  using enum vt_action;
  // What ends or interrupts a string comes before what interrupts everything.
  if (phase == osc_string) {
    if (code == 0x07 || code == 0x18 || code == 0x1a || code == 0x9c)
      return {osc_end, ground};
    if (code == 0x1b)
      return {osc_end, escape};
    if (code < 0x20)
      return {none, phase};
    if (code < 0x80 || code >= 0xa0)
      return {osc_put, phase};
  }
  if (phase == dcs_passthrough) {
    if (code == 0x18 || code == 0x1a || code == 0x9c)
      return {dcs_unhook, ground};
    if (code == 0x1b)
      return {dcs_unhook, escape};
    if (code == 0x7f)
      return {none, phase};
    if (code < 0x7f || code >= 0xa0)
      return {dcs_put, phase};
  }
  // Anywhere.
  switch (code) {
  case 0x18:
  case 0x1a:
    return {execute, ground};
  case 0x1b:
    return {clear, escape};
  case 0x90:
    return {clear, dcs_entry};
  case 0x98:
  case 0x9e:
  case 0x9f:
    return {none, string_ignore};
  case 0x9b:
    return {clear, csi_entry};
  case 0x9c:
    return {none, ground};
  case 0x9d:
    return {osc_start, osc_string};
  default:
    if (code >= 0x80 && code < 0xa0)
      return {execute, ground};
  }
  const bool is_c0 = code < 0x20;
  const bool is_final = code >= 0x40 && code < 0x7f;
  const bool is_intermediate = code >= 0x20 && code < 0x30;
  const bool is_digit_or_separator = code >= 0x30 && code < 0x3c;
  const bool is_prefix = code >= 0x3c && code < 0x40;
  switch (phase) {
  case ground:
    if (is_c0)
      return {execute, ground};
    return {code == 0x7f ? none : print, ground};
  case escape:
    if (is_c0)
      return {execute, phase};
    if (code == 0x7f)
      return {none, phase};
    if (is_intermediate)
      return {collect, escape_intermediate};
    switch (code) {
    case '[':
      return {clear, csi_entry};
    case ']':
      return {osc_start, osc_string};
    case 'P':
      return {clear, dcs_entry};
    case 'X':
    case '^':
    case '_':
      return {none, string_ignore};
    default:
      return {code < 0x7f ? esc_dispatch : none, ground};
    }
  case escape_intermediate:
    if (is_c0)
      return {execute, phase};
    if (code == 0x7f)
      return {none, phase};
    if (is_intermediate)
      return {collect, phase};
    return {code < 0x7f ? esc_dispatch : none, ground};
  case csi_entry:
  case csi_param:
    if (is_c0)
      return {execute, phase};
    if (code == 0x7f)
      return {none, phase};
    if (is_intermediate)
      return {collect, csi_intermediate};
    if (is_digit_or_separator)
      return {param, csi_param};
    if (is_prefix)
      return phase == csi_entry ? vt_step{collect, csi_param} : vt_step{none, csi_ignore};
    return {is_final ? csi_dispatch : none, ground};
  case csi_intermediate:
    if (is_c0)
      return {execute, phase};
    if (code == 0x7f)
      return {none, phase};
    if (is_intermediate)
      return {collect, phase};
    if (is_digit_or_separator || is_prefix)
      return {none, csi_ignore};
    return {is_final ? csi_dispatch : none, ground};
  case csi_ignore:
    if (is_c0)
      return {execute, phase};
    return {none, is_final ? ground : phase};
  case string_ignore:
    return {none, code < 0x80 ? phase : ground};
  case dcs_entry:
  case dcs_param:
    if (is_c0 || code == 0x7f)
      return {none, phase};
    if (is_intermediate)
      return {collect, dcs_intermediate};
    if (is_digit_or_separator)
      return {param, dcs_param};
    if (is_prefix)
      return phase == dcs_entry ? vt_step{collect, dcs_param} : vt_step{none, dcs_ignore};
    return is_final ? vt_step{dcs_hook, dcs_passthrough} : vt_step{none, ground};
  case dcs_intermediate:
    if (is_c0 || code == 0x7f)
      return {none, phase};
    if (is_intermediate)
      return {collect, phase};
    if (is_digit_or_separator || is_prefix)
      return {none, dcs_ignore};
    return is_final ? vt_step{dcs_hook, dcs_passthrough} : vt_step{none, ground};
  case dcs_ignore:
    return {none, phase};
  case osc_string:
  case dcs_passthrough:
    break;
  }
  return {none, ground};
}

inline constexpr unsigned vt_columns = 0xa1;

inline constexpr auto vt_table = [] {
  std::array<std::array<vt_step, vt_columns>, vt_phase_count> table{};
  for (unsigned phase = 0; phase < vt_phase_count; ++phase)
    for (unsigned code = 0; code < vt_columns; ++code)
      table[phase][code] = vt_rule(static_cast<vt_phase>(phase), code);
  return table;
}();

} // namespace roost::terminal
