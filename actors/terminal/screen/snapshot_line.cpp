#include "actors/terminal/screen/char_width.hpp"
#include "actors/terminal/screen/sgr_writer.hpp"
#include "actors/terminal/screen/snapshot_writer.hpp"
#include "actors/terminal/screen/utf8.hpp"

#include <algorithm>
#include <utility>

namespace roost::terminal {

namespace {

constexpr std::string_view wide_space = "\xe3\x80\x80"; // U+3000
// A link that is set for the sake of the `extended` bit, and never seen.
constexpr std::string_view any_link = "\x1b]8;;a:\x07";
constexpr std::string_view no_link = "\x1b]8;;\x07";

bool is_second_half(const line& l, int col) {
  if (col == 0)
    return false;
  const auto head = l.at(col - 1);
  return head.width() == 2 && head.has_content() && head.style == l.at(col).style;
}

bool is_half(const cell& c) { return c.width() == 0 && !c.has_content(); }

} // namespace

// ---- the lines of a page, in order ----

struct snapshot_writer::source {
  const page& pg;
  const cell_tables& page_tables;
  std::size_t at;
  line unpacked{};
  cell_tables unpacked_tables{};

  [[nodiscard]] std::size_t end() const {
    return pg.history.size() + static_cast<std::size_t>(pg.rows());
  }
  [[nodiscard]] bool is_in_history() const { return at < pg.history.size(); }
  void load() {
    if (!is_in_history())
      return;
    unpacked_tables.styles.clear();
    unpacked_tables.clusters.clear();
    pg.history.unpack(at, unpacked, unpacked_tables);
  }
  [[nodiscard]] const line& get() const {
    return is_in_history() ? unpacked : pg.row(static_cast<int>(at - pg.history.size()));
  }
  [[nodiscard]] const cell_tables& tables() const {
    return is_in_history() ? unpacked_tables : page_tables;
  }
};

void snapshot_writer::draw_page(const page& pg, const cell_tables& tables, std::size_t first) {
  source current{pg, tables, first};
  source next{pg, tables, first + 1};
  current.load();
  clear_dirt();
  col_ = 0;
  if (current.get().is_wrapped) {
    // Nothing above it to wrap from: wrap from the first row to the second, and delete the first.
    set_pen({});
    to_col(cols_ - 1);
    put(rows_ > 1 ? "  \x1b[H\x1b[M" : "  \x1b[3J\r");
    col_ = 0;
    soil(0, 1);
  }
  for (;; std::swap(current.at, next.at), std::swap(current.unpacked, next.unpacked),
          std::swap(current.unpacked_tables, next.unpacked_tables), next.at = current.at + 1) {
    const auto& l = current.get();
    if (next.at == current.end()) {
      draw_line(l, current.tables());
      return;
    }
    next.load();
    const auto& below = next.get();
    const auto start_new_line = [&] {
      draw_line(l, current.tables());
      if ((pen_.bg & color_bits::mask) != 0)
        set_pen({}); // a line that scrolls in is filled with the background
      put("\r\n");
      col_ = 0;
      clear_dirt();
    };
    if (!below.is_wrapped) {
      start_new_line();
      continue;
    }
    const auto first_style = next.tables().styles.get(below.at(0).style);
    const bool can_continue = is_printable(below, 0, cols_, next.tables()) && is_plain(first_style);
    const auto last = l.at(cols_ - 1);
    const bool ends_apart = is_first_half(l, cols_ - 2);
    const bool ends_full = !ends_apart && (is_printable(l, cols_ - 1, cols_, current.tables()) ||
                                           (is_second_half(l, cols_ - 1) && is_half(last) &&
                                            is_printable(l, cols_ - 2, cols_, current.tables())));
    const bool ends_for_wide = !ends_apart && last.width() == 1 && !last.has_content() &&
                               below.at(0).width() == 2 &&
                               current.tables().styles.get(last.style) == first_style;
    if (can_continue && ends_full) {
      draw_line(l, current.tables());
      draw_next_after_wrap(below, next.tables());
    } else if (can_continue && ends_for_wide) {
      line shorter = l;
      shorter.truncate(cols_ - 1);
      draw_line(shorter, current.tables());
      to_col(cols_ - 1);
      draw_next_after_wrap(below, next.tables());
    } else if (rows_ == 1) {
      start_new_line(); // there is no way back to a line that has scrolled out
    } else {
      // Wrap with anything, then come back to draw the line.
      drawn_ = 0;
      set_pen({});
      to_col(cols_ - 1);
      put("  \x1b[A");
      col_ = 1;
      soil(cols_ - 1, cols_);
      draw_line(l, current.tables());
      if ((pen_.bg & color_bits::mask) != 0)
        set_pen({});
      put("\x1b[B\r");
      col_ = 0;
      clear_dirt();
      soil(0, 1);
    }
  }
}

void snapshot_writer::draw_next_after_wrap(const line& next, const cell_tables& tables) {
  const auto first = next.at(0);
  set_pen(tables.styles.get(first.style));
  print(first, tables, ascii_charset);
  drawn_ = col_ = static_cast<int>(first.width());
  clear_dirt();
  // If the row scrolled in, it is filled with the background.
  if ((pen_.bg & color_bits::mask) != 0)
    soil(col_, cols_);
}

// ---- one line ----

void snapshot_writer::soil(int from, int to) {
  for (int col = from; col < to; ++col)
    is_dirty_[static_cast<std::size_t>(col)] = true;
  dirty_end_ = std::max(dirty_end_, to);
}

void snapshot_writer::draw_line(const line& l, const cell_tables& tables) {
  int from = std::exchange(drawn_, 0);
  int end = std::min(l.stored(), cols_);
  while (end > 0 && l.at(end - 1).is_default())
    --end;
  // What spoils its surroundings comes first.
  draw_first_halves(l, tables, from);
  draw_halves(l, tables, from);
  if (end == cols_ && draw_end_empty(l, tables))
    from = 0;
  for (int col = from; col < std::max(end, dirty_end_);)
    if (is_done_[static_cast<std::size_t>(col)])
      is_done_[static_cast<std::size_t>(col++)] = false;
    else
      col = draw_cell(l, tables, col);
}

// Empty cells with attributes in the last columns. @returns whether columns were spoilt that the
// wrap to the line has drawn.
bool snapshot_writer::draw_end_empty(const line& l, const cell_tables& tables) {
  const auto is_odd = [&](int col) {
    const auto c = l.at(col);
    const auto a = tables.styles.get(c.style);
    return c.width() == 1 && !c.has_content() && a != a.as_erased();
  };
  if (!is_odd(cols_ - 1))
    return false;
  const auto a = tables.styles.get(l.at(cols_ - 1).style);
  is_done_[static_cast<std::size_t>(cols_) - 1] = true;
  if (cols_ > 2 && is_odd(cols_ - 2)) {
    draw_two_last_empty(tables.styles.get(l.at(cols_ - 2).style), a);
    is_done_[static_cast<std::size_t>(cols_) - 2] = true;
    return true;
  }
  draw_last_empty(a);
  return cols_ < 4;
}

// First halves without a second can be made in the last columns only; from there they are shifted
// to their places, before anything else is drawn.
void snapshot_writer::draw_first_halves(const line& l, const cell_tables& tables, int from) {
  for (int col = from, shift_from = from; col < std::min(l.stored(), cols_ - 1); ++col) {
    if (!is_first_half(l, col))
      continue;
    put("\x1b[?7l");
    draw_first_half(l, tables, col, tables.styles.get(l.at(col).style));
    put("\x1b[?7h");
    if (const int n = cols_ - 2 - col; n > 0) {
      set_pen({});
      csi(shift_from + 1, "G");
      csi(n, "P");
    }
    is_done_[static_cast<std::size_t>(col)] = is_done_[static_cast<std::size_t>(col) + 1] = true;
    shift_from = col + 2;
    ++col;
  }
}

bool snapshot_writer::is_first_half(const line& l, int col) const {
  const auto c = l.at(col);
  return c.width() == 2 && c.has_content() && col < cols_ - 1 && !is_half(l.at(col + 1));
}

// In the last two columns, with wrapping off, a wide character's second half can be replaced; or a
// wide character does not fit, and a combining one after it joins what is there, and widens it.
bool snapshot_writer::draw_first_half(const line& l, const cell_tables& tables, int col,
                                      const attributes& pen) {
  const auto c = l.at(col);
  const auto a = tables.styles.get(c.style);
  const auto last = l.at(col + 1);
  const auto last_pen = tables.styles.get(last.style);
  std::string text;
  tables.append_text(c, text);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto base_length = utf8_length(bytes[0]);
  const auto base_width = char_width(decode_utf8(bytes, base_length));
  if (base_width == 2) {
    csi(cols_ - 1, "G");
    set_pen(a);
    put(text);
    if (is_plain(last_pen))
      set_pen(last_pen);
    col_ = -1;
    if (is_printable(l, col + 1, cols_, tables))
      return print(last, tables, ascii_charset);
    put(wide_space); // does not fit; its end empties the second half
  } else {
    const bool has_empty_base = base_width == 0 && a != a.as_erased();
    if (has_empty_base)
      draw_empty(a, cols_ - 2);
    if (is_printable(l, col + 1, cols_, tables)) {
      csi(cols_, "G");
      set_pen(last_pen);
      print(last, tables, ascii_charset);
    } else {
      csi(cols_, "G");
      if (pen_.as_erased() != last_pen.as_erased())
        set_pen(last_pen.as_erased());
      put("\x1b[X");
    }
    csi(cols_ - 1, "G");
    if (base_width == 1) {
      set_pen(a);
      put(std::string_view(text).substr(0, base_length));
      text.erase(0, base_length);
    } else {
      if (!has_empty_base) {
        if (pen_.as_erased() != a)
          set_pen(a);
        put("\x1b[X");
      }
      csi(cols_, "G");
    }
    set_pen(pen);
    put(wide_space);
    put(text);
    col_ = -1;
  }
  return false;
}

int snapshot_writer::draw_cell(const line& l, const cell_tables& tables, int col) {
  const auto c = l.at(col);
  const auto a = tables.styles.get(c.style);
  if (is_printable(l, col, cols_, tables)) {
    to_col(col);
    set_pen(a);
    print(c, tables, ascii_charset);
    col_ = col + static_cast<int>(c.width());
    return col_;
  }
  if (c.has_content()) {
    if (c.width() == 0) {
      // A combining character that joins nothing: the cursor was moved before it.
      set_pen(a);
      csi(col + 1, "G");
      tables.append_text(c, out_);
    } else if (a != a.as_erased() && col < cols_ - 1) {
      draw_empty(a, col); // a first half without a second; see draw_first_half
    } else if (is_dirty_[static_cast<std::size_t>(col)]) {
      erase(col, 1, 0, tables); // half a wide character in the last column: no sequence draws it
    }
    col_ = -1;
    return col + 1;
  }
  if (c.width() == 0)
    return col + 1; // drawn before
  if (a == a.as_erased()) {
    int end = col + 1;
    const auto is_clean = [&](int at) {
      return c.style == 0 && !is_dirty_[static_cast<std::size_t>(at)];
    };
    const bool skips = is_clean(col);
    while (end < cols_ && l.at(end) == c && is_clean(end) == skips &&
           !is_done_[static_cast<std::size_t>(end)])
      ++end;
    if (!skips)
      erase(col, end - col, c.style, tables);
    return end;
  }
  if (col < cols_ - 1)
    draw_empty(a, col);
  return col + 1;
}

void snapshot_writer::erase(int col, int n, style_ref style, const cell_tables& tables) {
  const auto a = tables.styles.get(style);
  to_col(col);
  if (pen_.as_erased() != a)
    set_pen(a);
  csi(n, "X");
}

// An empty cell with more than a background: the first half of a wide character whose second half
// was overwritten.
void snapshot_writer::draw_empty(const attributes& a, int col) {
  to_col(col);
  put(wide_space);
  col_ = -1;
  to_col(col + 1);
  set_pen(a);
  put(" ");
  col_ = col + 2;
  soil(col + 1, col + 2);
}

// In the last column: a wide character pushed half out of the row.
void snapshot_writer::draw_last_empty(const attributes& a) {
  to_col(cols_ - 2);
  put(wide_space);
  put("\x1b[4h");
  col_ = -1;
  to_col(cols_ - 2);
  set_pen(a);
  put(" \x1b[4l");
  col_ = cols_ - 1;
  soil(cols_ - 2, cols_ - 1);
}

// Two of them: the one before is made a column too early, and pushed along.
void snapshot_writer::draw_two_last_empty(const attributes& before, const attributes& last) {
  draw_empty(before, cols_ - 3);
  col_ = -1;
  to_col(cols_ - 2);
  put(wide_space);
  put("\x1b[4h\r");
  set_pen(last);
  put(" \x1b[4l");
  col_ = 1;
  is_dirty_[static_cast<std::size_t>(cols_) - 2] = false;
  soil(0, 1);
}

// Second halves without a first: a wide character pushed apart.
void snapshot_writer::draw_halves(const line& l, const cell_tables& tables, int from) {
  for (int col = from; col < std::min(l.stored(), cols_); ++col) {
    const auto c = l.at(col);
    if (!is_half(c) || is_second_half(l, col) || col == 0)
      continue;
    const int at = std::max(col - 2, 0);
    to_col(at);
    set_pen(tables.styles.get(c.style));
    put(wide_space);
    set_pen({});
    csi(at + 2, "G");
    put("\x1b[@");
    if (col == 1) {
      csi(1, "G");
      put("\x1b[P");
    }
    col_ = -1;
    soil(at, at + 2);
    is_dirty_[static_cast<std::size_t>(col)] = false;
  }
}

void snapshot_writer::to_col(int col) {
  if (col == col_)
    return;
  if (col == 0)
    put("\r");
  else
    csi(col + 1, "G");
  col_ = col;
}

void snapshot_writer::csi(int n, std::string_view final) {
  out_ += "\x1b[";
  if (n != 1)
    out_ += std::to_string(n);
  out_ += final;
}

void snapshot_writer::move_to(int x, int y) {
  out_ += "\x1b[" + std::to_string(y + 1) + ';' + std::to_string(x + 1) + 'H';
  col_ = x;
}

bool snapshot_writer::is_printable(const line& l, int col, int cols, const cell_tables& tables) {
  if (col < 0)
    return false;
  const auto c = l.at(col);
  if (!c.has_content() || c.width() == 0)
    return false;
  char32_t base = c.code();
  if (c.is_cluster()) {
    const auto* bytes =
        reinterpret_cast<const unsigned char*>(tables.clusters.text(c.code()).data());
    base = decode_utf8(bytes, utf8_length(bytes[0]));
  }
  if (char_width(base) != c.width())
    return false;
  if (c.width() == 1)
    return true;
  return col + 1 < cols && is_half(l.at(col + 1)) && l.at(col + 1).style == c.style;
}

bool snapshot_writer::print(const cell& c, const cell_tables& tables, charset_id charset) {
  if (!c.is_cluster()) {
    const auto code = unmap_charset(charset, c.code());
    if (code == 0)
      return false;
    append_utf8(out_, code);
    return true;
  }
  auto text = tables.clusters.text(c.code());
  if (const auto first = static_cast<unsigned char>(text[0]); first < 0x80) {
    const auto code = unmap_charset(charset, first);
    if (code == 0)
      return false;
    text[0] = static_cast<char>(code);
  }
  out_ += text;
  return true;
}

// ---- attributes ----

bool snapshot_writer::is_plain(const attributes& a) {
  const bool has_line = a.style() != 0;
  return ((a.fg & attributes::underline) != 0) == has_line &&
         ((a.bg & attributes::extended) != 0) == (has_line || a.link != 0);
}

void snapshot_writer::set_link(std::uint32_t link) {
  if (link == pen_.link)
    return;
  put_link(link);
  pen_.link = link;
  pen_.update_extended();
}

void snapshot_writer::put_link(std::uint32_t link) {
  if (link == 0) {
    put(no_link);
  } else {
    const auto& l = links_.get(link);
    out_ += "\x1b]8;" + l.params + ';' + l.uri + '\x07';
  }
}

void snapshot_writer::set_pen(const attributes& want) {
  if (want == pen_)
    return;
  if (!is_plain(want)) {
    // DECRC restores fg and bg, and leaves the rest: make the two parts apart from each other.
    set_pen_to_save(want.fg, want.bg);
    saves_cursor_ = true;
    put("\x1b"
        "7");
    attributes rest;
    rest.line = want.line;
    rest.link = want.link;
    if (rest.style() != 0)
      rest.fg = attributes::underline;
    rest.update_extended();
    pen_.fg = ~want.fg; // whatever it is, write it
    set_pen(rest);
    put("\x1b"
        "8");
    pen_ = want;
    return;
  }
  set_link(want.link);
  auto same_but_link = pen_;
  same_but_link.link = want.link;
  same_but_link.bg = (pen_.bg & ~attributes::extended) | (want.bg & attributes::extended);
  if (same_but_link != want || !is_plain(pen_)) {
    append_sgr(out_, want);
    if (want.bg & attributes::is_protected)
      put("\x1b[1\"q");
  }
  pen_ = want;
}

void snapshot_writer::set_pen_to_save(std::uint32_t fg, std::uint32_t bg) {
  const bool wants_line = (fg & attributes::underline) != 0;
  const bool wants_extended = (bg & attributes::extended) != 0;
  attributes base{fg, bg, 0, 0};
  if (wants_line) {
    base.set_style(1);
    base.bg |= attributes::extended;
    set_pen(base);
    if (!wants_extended) {
      saves_cursor_ = true;
      put("\x1b"
          "7\x1b[0m");
      put(no_link);
      put("\x1b"
          "8");
      put(no_link); // which looks at the rest, finds nothing, and clears the bit
      pen_ = {fg, bg, 0, 0};
    }
    return;
  }
  base.bg &= ~attributes::extended;
  set_pen(base);
  if (wants_extended) {
    put(any_link);
    pen_.bg |= attributes::extended;
    pen_.link = ~0u;
  }
}

} // namespace roost::terminal
