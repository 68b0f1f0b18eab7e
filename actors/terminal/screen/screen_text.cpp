#include "actors/terminal/screen/sgr_writer.hpp"
#include "actors/terminal/screen/vt_state.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace roost::terminal {

namespace {

void append_color(std::string& out, std::uint32_t color, int base) {
  const auto value = color & 0xffffff;
  const auto number = [&out](std::uint32_t n) {
    out += ';';
    out += std::to_string(n);
  };
  switch (color & color_bits::kind_mask) {
  case color_bits::ansi:
    // An underline has no short form; its ANSI colours are the palette's.
    number(static_cast<std::uint32_t>(value < 8 ? base - 8 + value : base + 52 + value - 8));
    break;
  case color_bits::palette:
    number(static_cast<std::uint32_t>(base));
    number(5);
    number(value & 0xff);
    break;
  case color_bits::rgb:
    number(static_cast<std::uint32_t>(base));
    number(2);
    number(value >> 16);
    number(value >> 8 & 0xff);
    number(value & 0xff);
    break;
  default:
    break;
  }
}

void append_cells(const cell_tables& tables, const line& l, std::string& out) {
  const auto length = l.content_length();
  for (int col = 0; col < length; ++col) {
    const auto c = l.at(col);
    if (c.has_content())
      tables.append_text(c, out);
    else if (c.width() != 0)
      out += ' ';
  }
}

std::string text_of(const cell_tables& tables, const line& l) {
  std::string text;
  append_cells(tables, l, text);
  const auto end = text.find_last_not_of(' ');
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

} // namespace

void append_sgr(std::string& out, const attributes& a) {
  out += "\x1b[0";
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 5> fg_flags = {
      {{attributes::bold, ";1"},
       {attributes::blink, ";5"},
       {attributes::inverse, ";7"},
       {attributes::invisible, ";8"},
       {attributes::strike, ";9"}}};
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 3> bg_flags = {
      {{attributes::dim, ";2"}, {attributes::italic, ";3"}, {attributes::overline, ";53"}}};
  for (const auto& [flag, code] : fg_flags)
    if (a.fg & flag)
      out += code;
  for (const auto& [flag, code] : bg_flags)
    if (a.bg & flag)
      out += code;
  if (a.fg & attributes::underline) {
    out += ";4";
    if (a.style() > 1) {
      out += ':';
      out += static_cast<char>('0' + a.style());
    }
  }
  append_color(out, a.fg, 38);
  append_color(out, a.bg, 48);
  append_color(out, a.line & color_bits::mask, 58);
  out += 'm';
}

std::string screen::line_text(int row) const {
  const auto& pg = state_->active();
  return row < 0 || row >= state_->rows ? std::string{} : text_of(state_->tables, pg.row(row));
}

std::string screen::screen_text() const {
  std::string text;
  for (int row = 0; row < state_->rows; ++row) {
    text += line_text(row);
    text += '\n';
  }
  return text;
}

std::string screen::scrollback_line_text(std::size_t index) const {
  if (index >= state_->normal.history.size())
    return {};
  cell_tables tables;
  line unpacked;
  state_->normal.history.unpack(index, unpacked, tables);
  return text_of(tables, unpacked);
}

std::vector<printed_line> screen::take_scrollback() {
  auto& pg = state_->normal;
  std::vector<printed_line> taken(pg.history.size());
  cell_tables tables;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    line unpacked;
    pg.history.unpack(i, unpacked, tables);
    append_cells(tables, unpacked, taken[i].text);
    taken[i].is_wrapped = pg.history.is_wrapped(i);
  }
  pg.history.clear();
  // It counts from the oldest line.
  pg.saved.line =
      std::max<std::int64_t>(pg.saved.line - static_cast<std::int64_t>(taken.size()), 0);
  return taken;
}

std::vector<printed_line> screen::printed_lines() const {
  const auto& pg = state_->active();
  std::vector<printed_line> lines;
  std::size_t used = 0;
  for (int row = 0; row < state_->rows; ++row) {
    auto& added = lines.emplace_back();
    append_cells(state_->tables, pg.row(row), added.text);
    added.is_wrapped = pg.row(row).is_wrapped;
    if (added.text.find_first_not_of(' ') != std::string::npos)
      used = lines.size();
  }
  lines.resize(used);
  return lines;
}

std::string screen::screen_ansi() const {
  const auto& tables = state_->tables;
  const auto& pg = state_->active();
  std::string out;
  for (int y = 0; y < state_->rows; ++y) {
    const auto& row = pg.row(y);
    auto end = row.stored();
    while (end > 0 && row.at(end - 1).is_default())
      --end;
    attributes current;
    for (int col = 0; col < end; ++col) {
      const auto c = row.at(col);
      if (const auto a = tables.styles.get(c.style); a != current) {
        append_sgr(out, a);
        current = a;
      }
      if (c.has_content())
        tables.append_text(c, out);
      else if (c.width() != 0)
        out += ' ';
    }
    if (current != attributes{})
      out += "\x1b[0m";
    out += '\n';
  }
  return out;
}

namespace {

void dump_line(const vt_state& s, const cell_tables& tables, const line& l, std::string& out) {
  out += l.is_wrapped ? '+' : ' ';
  auto end = l.stored();
  while (end > 0 && l.at(end - 1).is_default())
    --end;
  attributes current;
  for (int col = 0; col < end; ++col) {
    const auto c = l.at(col);
    if (const auto a = tables.styles.get(c.style); a != current) {
      char text[64];
      std::snprintf(text, sizeof text, "<%x,%x,%x>", a.fg, a.bg, a.line);
      out += text;
      if (a.link != 0)
        out += "<" + s.links.get(a.link).params + ";" + s.links.get(a.link).uri + ">";
      current = a;
    }
    if (c.has_content())
      tables.append_text(c, out);
    else
      out += c.width() == 0 ? "<half>" : "<>";
    if (c.width() != 1)
      out += "<w" + std::to_string(c.width()) + ">";
  }
  out += '\n';
}

void dump_page(const vt_state& s, const page& pg, std::string& out) {
  for (std::size_t i = 0; i < pg.history.size(); ++i) {
    cell_tables tables;
    line unpacked;
    pg.history.unpack(i, unpacked, tables);
    dump_line(s, tables, unpacked, out);
  }
  out += "----\n";
  if (pg.has_rows())
    for (int y = 0; y < s.rows; ++y)
      dump_line(s, s.tables, pg.row(y), out);
  char text[256];
  std::snprintf(text, sizeof text, "margins %d..%d saved %d,%lld %x %x '%c'\ntabs", pg.top,
                pg.bottom, pg.saved.x, static_cast<long long>(pg.saved.line), pg.saved.fg,
                pg.saved.bg, pg.saved.charset ? pg.saved.charset : 'B');
  out += text;
  for (int col = 0; col < s.cols; ++col)
    if (pg.has_tab(col))
      out += ' ' + std::to_string(col);
  out += '\n';
}

} // namespace

std::string screen::dump() const {
  const auto& s = *state_;
  std::string out = "size " + std::to_string(s.cols) + "x" + std::to_string(s.rows) + "\n";
  dump_page(s, s.normal, out);
  if (s.alt_is_active || s.alt.saved.x != 0 || s.alt.saved.line != 0 || s.alt.saved.fg != 0 ||
      s.alt.saved.bg != 0 || s.alt.saved.charset != ascii_charset) {
    out += s.alt_is_active ? "alternate, shown\n" : "alternate\n";
    dump_page(s, s.alt, out);
  }
  char text[256];
  const auto& pg = s.active();
  std::snprintf(text, sizeof text, "cursor %d,%d join %u pen %x %x %x\n", pg.x, pg.y, s.join,
                s.pen.fg, s.pen.bg, s.pen.line);
  out += text;
  if (s.pen.link != 0)
    out += "link " + s.links.get(s.pen.link).uri + "\n";
  const auto name = [](charset_id set) { return set == ascii_charset ? 'B' : set; };
  std::snprintf(text, sizeof text, "charsets %c%c%c%c shift %d in use %c\n", name(s.charsets[0]),
                name(s.charsets[1]), name(s.charsets[2]), name(s.charsets[3]), s.shift,
                name(s.charset));
  out += text;
  const auto& m = s.modes;
  std::snprintf(text, sizeof text,
                "insert %d keys %d keypad %d paste %d origin %d reverse-wrap %d focus %d wrap %d "
                "style %d blink %d mouse %d,%d,%d,%d visible %d lnm %d\n",
                m.insert, m.application_cursor_keys, m.application_keypad, m.bracketed_paste,
                m.origin, m.reverse_wrap, m.send_focus, m.wrap, static_cast<int>(m.style),
                m.blink ? *m.blink : -1, static_cast<int>(m.tracking), static_cast<int>(m.encoding),
                m.utf8_mouse, m.urxvt_mouse, s.cursor_visible, s.convert_eol);
  out += text;
  out += "title " + s.title + "\nicon " + s.icon_title + "\n";
  for (const auto& [slot, color] : s.palette)
    out += "color " + std::to_string(slot) + " " + std::to_string(color) + "\n";
  for (const auto& stack : s.keyboard) {
    out += "keyboard";
    for (const auto flags : stack)
      out += ' ' + std::to_string(flags);
    out += '\n';
  }
  out += "pending ";
  for (const char c : s.parser.pending()) {
    std::snprintf(text, sizeof text, "%02x", static_cast<unsigned char>(c));
    out += text;
  }
  return out + "\n";
}

} // namespace roost::terminal
