#include "actors/terminal/screen/vt_state.hpp"

#include "actors/terminal/screen/char_width.hpp"
#include "actors/terminal/screen/utf8.hpp"

#include <algorithm>

namespace roost::terminal {

namespace {

// A repeated character is repeated at most this often: as much as any screen holds twice over.
constexpr int max_repeat = 1 << 16;

} // namespace

vt_state::vt_state(const screen_config& config)
    : cols(std::max(config.cols, 2)), rows(std::max(config.rows, 1)),
      normal(page::kind::normal, cols, rows, config.scrollback_lines),
      alt(page::kind::alternate, cols, rows, 0) {
  normal.make_rows(0);
}

void vt_state::reset() {
  pen = {};
  pen_changed();
  normal = page(page::kind::normal, cols, rows, normal.history.max_lines());
  normal.make_rows(0);
  alt = page(page::kind::alternate, cols, rows, 0);
  alt_is_active = false;
  charsets = {};
  shift = 0;
  charset = ascii_charset;
  modes = {};
  keyboard = {};
  join = 0;
}

void vt_state::resize(int new_cols, int new_rows) {
  new_cols = std::max(new_cols, 2);
  new_rows = std::max(new_rows, 1);
  if (new_cols == cols && new_rows == rows)
    return;
  cols = new_cols;
  rows = new_rows;
  normal.resize(cols, rows, tables);
  alt.resize(cols, rows, tables);
}

// ---- printing ----

void vt_state::print_begin() {
  auto& pg = active();
  if (tables.styles.size() > sweep_styles_at || tables.clusters.size() > sweep_clusters_at)
    sweep_tables();
  auto& row = pg.current();
  // The first half of a wide character whose second half is about to be overwritten.
  if (pg.x > 0 && row.width_at(pg.x - 1, cols) == 2)
    row.set(pg.x - 1, cell::blank(pen_style()), cols);
}

void vt_state::print_end() {
  auto& pg = active();
  if (pg.x >= cols)
    return;
  auto& row = pg.current();
  const auto next = row.at(pg.x);
  if (next.width() == 0 && !next.has_content())
    row.set(pg.x, cell::blank(pen_style()), cols);
}

void vt_state::print_ascii(const char* text, std::size_t n) {
  if (charset != ascii_charset || modes.insert) {
    for (std::size_t i = 0; i < n; ++i)
      print_in_charset(static_cast<unsigned char>(text[i]));
    return;
  }
  auto& pg = active();
  const auto style = pen_style();
  while (n > 0) {
    if (pg.x >= cols) {
      if (modes.wrap)
        wrap_line(cols);
      else
        pg.x = cols - 1;
    }
    const auto part =
        static_cast<int>(std::min<std::size_t>(n, static_cast<std::size_t>(cols - pg.x)));
    auto* to = pg.current().writable(pg.x, part);
    for (int i = 0; i < part; ++i)
      to[i] = {static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) |
                   1u << cell::width_shift,
               style};
    pg.x += part;
    text += part;
    n -= static_cast<std::size_t>(part);
  }
  join = 1;
}

void vt_state::print(char32_t code) { print_in_charset(code); }

void vt_state::wrap_line(int first_filled_col) {
  auto& pg = active();
  // A wide character that does not fit leaves the last column empty, in its own attributes.
  for (int col = first_filled_col; col < cols; ++col)
    pg.current().set(col, cell::blank(pen_style()), cols);
  pg.x = 0;
  ++pg.y;
  if (pg.y == pg.bottom + 1) {
    --pg.y;
    pg.scroll(erase_style(), true, tables);
    return;
  }
  pg.y = std::min(pg.y, rows - 1);
  pg.current().is_wrapped = true;
}

void vt_state::print_in_charset(char32_t code) {
  if (code < 0x7f && charset != ascii_charset)
    code = map_charset(charset, code);
  auto& pg = active();
  const auto own_width = char_width(code);
  const bool joins = own_width == 0 && join != 0;
  const auto width = joins ? join : own_width;
  join = width;
  if (joins && pg.x > 0) {
    auto& row = pg.current();
    const auto col = pg.x - (row.width_at(pg.x - 1, cols) != 0 ? 1 : 2);
    if (col < 0 || col >= cols)
      return;
    auto base = row.at(col);
    std::uint32_t content = 0;
    if (base.is_cluster()) {
      content = tables.clusters.extended(base.code(), code) | cell::cluster_bit;
    } else if (base.code() != 0) {
      std::string text;
      append_utf8(text, base.code());
      append_utf8(text, code);
      content = tables.clusters.add(std::move(text)) | cell::cluster_bit;
    } else {
      content = code;
    }
    base.content = content | width << cell::width_shift;
    row.set(col, base, cols);
    return;
  }
  const auto columns = static_cast<int>(width);
  if (pg.x + columns > cols) {
    if (modes.wrap) {
      wrap_line(pg.x);
    } else {
      pg.x = cols - 1;
      if (columns == 2)
        return;
    }
  }
  auto& row = pg.current();
  const auto style = pen_style();
  if (modes.insert && columns > 0) {
    row.insert_cells(pg.x, columns, style, cols);
    if (row.width_at(cols - 1, cols) == 2)
      row.set(cols - 1, cell::blank(style), cols);
  }
  row.set(pg.x++, cell::of(code, width, style), cols);
  if (columns == 2)
    row.set(pg.x++, cell::of(0, 0, style), cols);
}

void vt_state::repeat_character(int n) {
  if (join == 0)
    return;
  auto& pg = active();
  const auto col = pg.x - static_cast<int>(join);
  const auto repeated = col >= 0 && col < cols ? pg.current().at(col) : cell{};
  if (!repeated.has_content())
    return;
  std::string text;
  tables.append_text(repeated, text);
  print_begin();
  for (n = std::min(n, max_repeat); n > 0; --n) {
    for (const auto *p = reinterpret_cast<const unsigned char*>(text.data()),
                    *end = p + text.size();
         p != end;) {
      const auto length = utf8_length(*p);
      print_in_charset(decode_utf8(p, length));
      p += length;
    }
  }
  print_end();
}

void vt_state::refresh_pen() {
  pen_ref = tables.styles.ref(pen);
  erase_ref = tables.styles.ref(pen.as_erased());
  pen_is_stale = false;
}

void vt_state::sweep_tables() {
  cell_tables kept;
  for (auto* pg : {&normal, &alt}) {
    if (!pg->has_rows())
      continue;
    for (int y = 0; y < rows; ++y)
      for (auto& c : pg->row(y).cells()) {
        if (c.style & style_table::in_table)
          c.style = kept.styles.ref(tables.styles.get(c.style));
        if (c.is_cluster())
          c.content =
              (c.content & ~cell::code_mask) | kept.clusters.add(tables.clusters.text(c.code()));
      }
  }
  tables = std::move(kept);
  pen_changed();
  sweep_styles_at = std::max<std::size_t>(512, tables.styles.size() * 2);
  sweep_clusters_at = std::max<std::size_t>(512, tables.clusters.size() * 2);
}

void vt_state::sweep_links() {
  sweep_tables();
  std::vector<std::uint32_t> used;
  for (const auto& a : tables.styles.entries())
    used.push_back(a.link);
  used.push_back(pen.link);
  normal.history.collect_links(used);
  links.sweep(used);
}

// ---- controls ----

void vt_state::execute(unsigned code) {
  join = 0;
  switch (code) {
  case 0x0e:
    invoke(1);
    return;
  case 0x0f:
    invoke(0);
    return;
  default:
    break;
  }
  if (is_skipping)
    return;
  auto& pg = active();
  switch (code) {
  case 0x07:
    note(osc_kind::bell, {});
    break;
  case 0x08:
    backspace();
    break;
  case 0x09:
    if (pg.x < cols)
      pg.x = pg.next_tab(pg.x);
    break;
  case 0x0a:
  case 0x0b:
  case 0x0c:
    line_feed();
    break;
  case 0x0d:
    pg.x = 0;
    break;
  case 0x84:
    index();
    break;
  case 0x85:
    pg.x = 0;
    index();
    break;
  case 0x88:
    pg.set_tab(pg.x);
    break;
  default:
    break;
  }
}

void vt_state::esc(std::uint32_t ident) {
  join = 0;
  auto& pg = active();
  if (ident > 0xff) {
    const auto slot_byte = static_cast<char>(ident >> 8);
    const auto final = static_cast<char>(ident);
    if (ident > 0xffff)
      return;
    if (slot_byte == '%' && (final == '@' || final == 'G')) {
      invoke(0);
      designate(0, ascii_charset);
    } else if (slot_byte == '#' && final == '8') {
      if (!is_skipping)
        alignment_pattern();
    } else if (const auto slot = std::string_view("()*+").find(slot_byte);
               slot != std::string_view::npos || slot_byte == '-' || slot_byte == '.') {
      charset_id set = ascii_charset;
      if (find_charset(final, set))
        designate(slot_byte == '-' ? 1 : slot_byte == '.' ? 2 : static_cast<int>(slot), set);
    }
    return;
  }
  switch (ident) {
  case '7':
    save_cursor();
    break;
  case '8':
    restore_cursor();
    break;
  case '=':
    modes.application_keypad = true;
    break;
  case '>':
    modes.application_keypad = false;
    break;
  case 'c':
    reset();
    break;
  case 'n':
  case '}':
    invoke(2);
    break;
  case 'o':
  case '|':
    invoke(3);
    break;
  case '~':
    invoke(1);
    break;
  case 'H':
    pg.set_tab(pg.x);
    break;
  case 'D':
    if (!is_skipping)
      index();
    break;
  case 'E':
    pg.x = 0;
    if (!is_skipping)
      index();
    break;
  case 'M':
    if (!is_skipping)
      reverse_index();
    break;
  default:
    break;
  }
}

void vt_state::dcs(std::uint32_t ident, const std::string& payload) {
  join = 0;
  if (ident == ('$' << 8 | 'q'))
    report_setting(payload);
}

void vt_state::csi(std::uint32_t ident, const csi_params& params) {
  if (!set_state(ident, params) &&
      (!is_skipping || ident == 'J')) // clearing the screen is cheap, and leaves less that is stale
    draw(ident, params);
  join = 0;
}

// ---- sequences that draw ----

void vt_state::draw(std::uint32_t ident, const csi_params& params) {
  using enum line::protection;
  auto& pg = active();
  const auto n = std::min(params.count(), 1 << 20);
  switch (ident) {
  case '@':
    clamp_cursor();
    pg.current().insert_cells(pg.x, n, erase_style(), cols);
    break;
  case ' ' << 8 | '@':
    shift_rows(0, n, false);
    break;
  case ' ' << 8 | 'A':
    shift_rows(0, n, true);
    break;
  case '\'' << 8 | '}':
    shift_rows(pg.x, n, true);
    break;
  case '\'' << 8 | '~':
    shift_rows(pg.x, n, false);
    break;
  case 'J':
    erase_in_display(params[0], ignored);
    break;
  case '?' << 8 | 'J':
    erase_in_display(params[0], respected);
    break;
  case 'K':
    erase_in_line(params[0], ignored);
    break;
  case '?' << 8 | 'K':
    erase_in_line(params[0], respected);
    break;
  case 'L':
    insert_lines(n);
    break;
  case 'M':
    delete_lines(n);
    break;
  case 'P':
    clamp_cursor();
    pg.current().delete_cells(pg.x, n, erase_style(), cols);
    break;
  case 'S':
    for (int i = std::min(n, rows); i > 0; --i)
      pg.rotate_up(pg.top, pg.bottom, erase_style());
    break;
  case 'T':
    for (int i = std::min(n, rows); i > 0; --i)
      pg.rotate_down(pg.top, pg.bottom, 0);
    break;
  case 'X':
    clamp_cursor();
    pg.current().erase(pg.x, pg.x + n, erase_style(), cols, ignored, tables.styles);
    break;
  case 'b':
    repeat_character(n);
    break;
  default:
    break;
  }
}

void vt_state::erase_row(int y, line::protection keep) {
  auto& row = active().row(y);
  row.erase_all(erase_style(), cols, keep, tables.styles);
  row.is_wrapped = false;
}

void vt_state::erase_in_display(int what, line::protection keep) {
  auto& pg = active();
  clamp_cursor(cols);
  switch (what) {
  case 0:
    pg.current().erase(pg.x, cols, erase_style(), cols, keep, tables.styles);
    if (pg.x == 0)
      pg.current().is_wrapped = false;
    for (int y = pg.y + 1; y < rows; ++y)
      erase_row(y, keep);
    break;
  case 1:
    pg.current().erase(0, pg.x + 1, erase_style(), cols, keep, tables.styles);
    pg.current().is_wrapped = false;
    if (pg.x + 1 >= cols) {
      // The row below no longer continues this one. xterm.js counts that row from the beginning of
      // its scrollback, so does this.
      const auto below = pg.y + 1;
      const auto base = static_cast<int>(pg.base());
      if (below < base)
        pg.history.set_wrapped(static_cast<std::size_t>(below), false);
      else if (below - base < rows)
        pg.row(below - base).is_wrapped = false;
      else if (alt_is_active)
        pg.row(0).is_wrapped = false;
    }
    for (int y = 0; y < pg.y; ++y)
      erase_row(y, keep);
    break;
  case 2:
    for (int y = 0; y < rows; ++y)
      erase_row(y, keep);
    break;
  case 3:
    pg.history.clear();
    break;
  default:
    break;
  }
}

void vt_state::erase_in_line(int what, line::protection keep) {
  auto& pg = active();
  clamp_cursor(cols);
  auto& row = pg.current();
  const int from = what == 0 ? pg.x : 0;
  const int to = what == 1 ? pg.x + 1 : cols;
  if (what < 0 || what > 2)
    return;
  row.erase(from, to, erase_style(), cols, keep, tables.styles);
  if (what == 2 || (what == 0 && pg.x == 0))
    row.is_wrapped = false;
}

bool vt_state::is_in_margins() const {
  const auto& pg = active();
  return pg.y >= pg.top && pg.y <= pg.bottom;
}

void vt_state::insert_lines(int n) {
  auto& pg = active();
  clamp_cursor();
  if (!is_in_margins())
    return;
  for (int i = std::min(n, rows); i > 0; --i)
    pg.rotate_down(pg.y, pg.bottom, erase_style());
  pg.x = 0;
}

void vt_state::delete_lines(int n) {
  auto& pg = active();
  clamp_cursor();
  if (!is_in_margins())
    return;
  for (int i = std::min(n, rows); i > 0; --i)
    pg.rotate_up(pg.y, pg.bottom, erase_style());
  pg.x = 0;
}

void vt_state::shift_rows(int from_col, int n, bool to_right) {
  auto& pg = active();
  if (!is_in_margins())
    return;
  for (int y = pg.top; y <= pg.bottom; ++y) {
    auto& row = pg.row(y);
    if (to_right)
      row.insert_cells(from_col, n, erase_style(), cols);
    else
      row.delete_cells(from_col, n, erase_style(), cols);
    row.is_wrapped = false;
  }
}

void vt_state::alignment_pattern() {
  auto& pg = active();
  // The cells say that they have more attributes, and have none: as in xterm.js.
  const auto style = tables.styles.ref({pen.fg, pen.bg, 0, 0});
  move_to(0, 0);
  for (int i = 0; i < rows; ++i) {
    auto y = pg.y + i;
    if (y >= rows) {
      if (!alt_is_active && normal.history.max_lines() > 0)
        break;
      y -= rows;
    }
    pg.row(y).fill(cell::of('E', 1, style), cols);
    pg.row(y).is_wrapped = false;
  }
  move_to(0, 0);
}

// ---- cursor ----

void vt_state::clamp_cursor(int max_col) {
  auto& pg = active();
  pg.x = std::clamp(pg.x, 0, max_col);
  pg.y = modes.origin ? std::min(pg.bottom, std::max(pg.top, pg.y)) : std::clamp(pg.y, 0, rows - 1);
}

void vt_state::move_to(int x, int y) {
  auto& pg = active();
  pg.x = x;
  pg.y = modes.origin ? pg.top + y : y;
  clamp_cursor();
}

void vt_state::move_by(int dx, int dy) {
  clamp_cursor();
  auto& pg = active();
  move_to(pg.x + dx, pg.y + dy);
}

void vt_state::cursor_up(int n) {
  const auto room = active().y - active().top;
  move_by(0, -(room >= 0 ? std::min(room, n) : n));
}

void vt_state::cursor_down(int n) {
  const auto room = active().bottom - active().y;
  move_by(0, room >= 0 ? std::min(room, n) : n);
}

void vt_state::line_feed() {
  auto& pg = active();
  if (convert_eol)
    pg.x = 0;
  ++pg.y;
  if (pg.y == pg.bottom + 1) {
    --pg.y;
    pg.scroll(erase_style(), false, tables);
  } else if (pg.y >= rows) {
    pg.y = rows - 1;
  } else {
    pg.current().is_wrapped = false;
  }
  if (pg.x >= cols)
    --pg.x;
}

void vt_state::index() {
  auto& pg = active();
  clamp_cursor();
  ++pg.y;
  if (pg.y == pg.bottom + 1) {
    --pg.y;
    pg.scroll(erase_style(), false, tables);
  } else {
    pg.y = std::min(pg.y, rows - 1);
  }
  clamp_cursor();
}

void vt_state::reverse_index() {
  auto& pg = active();
  clamp_cursor();
  if (pg.y == pg.top) {
    pg.rotate_down(pg.top, pg.bottom, erase_style());
  } else {
    --pg.y;
    clamp_cursor();
  }
}

void vt_state::backspace() {
  auto& pg = active();
  if (!modes.reverse_wrap) {
    clamp_cursor();
    pg.x = std::max(pg.x - 1, 0);
    return;
  }
  clamp_cursor(cols);
  if (pg.x > 0) {
    --pg.x;
  } else if (pg.y > pg.top && pg.y <= pg.bottom && pg.current().is_wrapped) {
    pg.current().is_wrapped = false;
    --pg.y;
    pg.x = cols - 1;
    // Past the column that a wide character left empty.
    const auto last = pg.current().at(pg.x);
    if (last.width() != 0 && !last.has_content())
      --pg.x;
  }
  clamp_cursor();
}

void vt_state::save_cursor() {
  auto& pg = active();
  pg.saved = {pg.x, pg.base() + pg.y, pen.fg, pen.bg, charset};
}

void vt_state::restore_cursor() {
  auto& pg = active();
  pg.x = pg.saved.x;
  pg.y = static_cast<int>(std::clamp<std::int64_t>(pg.saved.line - pg.base(), 0, rows));
  pen.fg = pg.saved.fg;
  pen.bg = pg.saved.bg;
  pen_changed();
  charset = pg.saved.charset;
  clamp_cursor();
}

void vt_state::set_margins(const csi_params& params) {
  auto& pg = active();
  const auto first = params.count(0);
  auto last = params[1];
  if (last <= 0 || last > rows)
    last = rows;
  if (last <= first)
    return;
  pg.top = first - 1;
  pg.bottom = last - 1;
  move_to(0, 0);
}

void vt_state::reply(std::string_view text) {
  if (answers && replies.size() + text.size() <= screen::max_replies)
    replies += text;
}

void vt_state::note(osc_kind kind, std::string_view data) {
  if (events.size() >= screen::max_events) {
    ++dropped_events;
    return;
  }
  // After an ESC the backslash of ST belongs to the sequence.
  const auto end = offset + parser.consumed() + (parser.ended_by_escape() ? 1 : 0);
  events.push_back({end, kind, std::string(data.substr(0, screen::max_event_data))});
}

} // namespace roost::terminal
