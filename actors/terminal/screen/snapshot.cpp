#include "actors/terminal/screen/color.hpp"
#include "actors/terminal/screen/snapshot_writer.hpp"

#include <algorithm>

namespace roost::terminal {

namespace {

constexpr int tab_width = 8;

// A control that does nothing, but ends what combining characters and CSI b look back to.
constexpr std::string_view nothing{"\0", 1};
constexpr std::string_view wide_space = "\xe3\x80\x80"; // U+3000

/// Brings everything but the pages' contents to a state.
class state_writer {
public:
  state_writer(const vt_state& state, std::string& out)
      : s_(state), writer_(out, state.cols, state.rows, state.links) {}

  void write(std::size_t first_line) {
    // A reset, and what a reset leaves alone.
    writer_.put("\x1b"
                "c\x1b[20l");
    if (!s_.alt_is_active && !is_fresh(s_.alt.saved)) {
      writer_.put("\x1b[?47h");
      write_saved(s_.alt);
      writer_.set_pen({});
      writer_.put("\x1b[?47l\x1b[H");
    }
    const bool is_below = write_saved_below(s_.normal, first_line);
    writer_.draw_page(s_.normal, s_.tables, first_line);
    writer_.set_pen({});
    write_page_state(s_.normal, 0, is_below && !writer_.saves_cursor());
    if (s_.alt_is_active) {
      writer_.set_pen({});
      // The cursor behind the last column comes along to the other screen.
      writer_.put("\x1b[?47h\x1b[H");
      writer_.draw_page(s_.alt, s_.tables, 0);
      writer_.set_pen({});
      write_page_state(s_.alt, 1, false);
    }
    write_titles();
    write_palette();
    write_modes();
    write_pen_and_cursor();
    writer_.put(s_.parser.pending());
  }

private:
  static bool is_fresh(const saved_cursor& saved) {
    return saved.x == 0 && saved.line == 0 && saved.fg == 0 && saved.bg == 0 &&
           saved.charset == ascii_charset;
  }

  /// A cursor that was saved before the scrollback was cleared may count as below the screen, until
  /// enough lines have scrolled: do the same, before anything is drawn.
  bool write_saved_below(const page& pg, std::size_t first_line) {
    const auto line = pg.saved.line - static_cast<std::int64_t>(first_line);
    if (pg.saved.line - pg.base() < s_.rows ||
        line - s_.rows >= static_cast<std::int64_t>(pg.history.max_lines()))
      return false;
    writer_.put("\x1b[" + std::to_string(s_.rows) + 'H' +
                std::string(static_cast<std::size_t>(line - s_.rows + 1), '\n'));
    write_saved_at(pg.saved, s_.rows - 1);
    writer_.set_pen({});
    writer_.take_saves_cursor();
    writer_.put("\x1b[H\x1b[3J");
    return true;
  }

  void write_page_state(const page& pg, std::size_t index, bool has_saved) {
    write_tabs(pg);
    if (!has_saved)
      write_saved(pg);
    if (pg.top != 0 || pg.bottom != s_.rows - 1)
      writer_.put("\x1b[" + std::to_string(pg.top + 1) + ';' + std::to_string(pg.bottom + 1) + 'r');
    const auto& stack = s_.keyboard[index];
    for (std::size_t i = 0; i < stack.size(); ++i)
      writer_.put((i == 0 ? "\x1b[=" : "\x1b[>") + std::to_string(stack[i]) + 'u');
  }

  void write_tabs(const page& pg) {
    bool is_usual = true;
    for (int col = 0; col < s_.cols; ++col)
      is_usual &= pg.has_tab(col) == (col % tab_width == 0);
    if (is_usual)
      return;
    writer_.put("\x1b[3g");
    for (int col = 0; col < s_.cols; ++col)
      if (pg.has_tab(col)) {
        writer_.csi(col + 1, "G");
        writer_.put("\x1bH");
      }
  }

  /// Without margins and origin mode, in ASCII.
  void write_saved(const page& pg) {
    const auto& saved = pg.saved;
    if (!writer_.take_saves_cursor() && is_fresh(saved))
      return;
    const auto y = std::clamp<std::int64_t>(saved.line - pg.base(), 0, s_.rows - 1);
    write_saved_at(saved, static_cast<int>(y));
  }

  void write_saved_at(const saved_cursor& saved, int y) {
    writer_.move_to(0, y); // not behind the last column: attributes may need DECRC
    writer_.set_pen_to_save(saved.fg, saved.bg);
    writer_.move_to(std::min(saved.x, s_.cols - 1), y);
    if (saved.charset != ascii_charset)
      writer_.put(std::string("\x1b(") + saved.charset);
    writer_.put("\x1b"
                "7");
    if (saved.charset != ascii_charset)
      writer_.put("\x1b(B");
  }

  void write_titles() {
    if (s_.title_is_set)
      writer_.put("\x1b]2;" + s_.title + '\x07');
    if (s_.icon_is_set)
      writer_.put("\x1b]1;" + s_.icon_title + '\x07');
  }

  void write_palette() {
    if (!s_.palette_was_changed)
      return;
    writer_.put("\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07");
    for (const auto& [slot, color] : s_.palette) {
      const auto name = slot < 256 ? "4;" + std::to_string(slot) : std::to_string(slot - 256 + 10);
      writer_.put("\x1b]" + name + ';' + format_color(color) + '\x07');
    }
  }

  void set_private(int mode, bool on) {
    writer_.put("\x1b[?" + std::to_string(mode) + (on ? 'h' : 'l'));
  }

  // All but insert mode and origin mode, which change what drawing and moving the cursor do.
  // Synchronized output is left out: a viewer must not wait for the rest of a picture that began
  // before it came.
  void write_modes() {
    const auto& m = s_.modes;
    if (m.application_cursor_keys)
      set_private(1, true);
    if (!m.wrap)
      set_private(7, false);
    if (s_.blink_preference)
      set_private(12, *s_.blink_preference);
    set_private(25, s_.cursor_visible);
    if (m.reverse_wrap)
      set_private(45, true);
    if (m.application_keypad)
      writer_.put("\x1b=");
    switch (m.tracking) {
    case mouse_tracking::none:
      break;
    case mouse_tracking::x10:
      set_private(9, true);
      break;
    case mouse_tracking::vt200:
      set_private(1000, true);
      break;
    case mouse_tracking::drag:
      set_private(1002, true);
      break;
    case mouse_tracking::any:
      set_private(1003, true);
      break;
    }
    if (m.send_focus)
      set_private(1004, true);
    if (m.utf8_mouse)
      set_private(1005, true);
    if (m.urxvt_mouse)
      set_private(1015, true);
    if (m.encoding != mouse_encoding::standard)
      set_private(m.encoding == mouse_encoding::sgr ? 1006 : 1016, true);
    if (m.bracketed_paste)
      set_private(2004, true);
    if (s_.convert_eol)
      writer_.put("\x1b[20h");
    int style = 0;
    if (m.style != cursor_style::unset)
      style = static_cast<int>(m.style) * 2 - (m.blink.value_or(false) ? 1 : 0);
    else if (m.blink)
      style = *m.blink ? 7 : 8;
    if (style != 0)
      writer_.put("\x1b[" + std::to_string(style) + " q");
  }

  void invoke_charset() {
    constexpr std::string_view shifts[] = {"\x0f", "\x0e", "\x1bn", "\x1bo"};
    writer_.put(shifts[s_.shift]);
  }

  void write_pen_and_cursor() {
    const auto& pg = s_.active();
    // Character sets, and the two things that only DECRC can set.
    for (std::size_t slot = 0; slot < 4; ++slot)
      if (s_.charsets[slot] != ascii_charset)
        writer_.put(std::string("\x1b") + "()*+"[slot] + s_.charsets[slot]);
    const auto shifted_in = s_.charsets[static_cast<std::size_t>(s_.shift)];
    if (s_.shift != 0)
      invoke_charset();
    const bool is_plain = snapshot_writer::is_plain(s_.pen);
    const bool restores_charset = s_.charset != shifted_in && s_.charset == pg.saved.charset;
    if (!is_plain) {
      restore_pen(pg.saved);
      if (!restores_charset)
        invoke_charset();
    } else if (restores_charset) {
      writer_.put("\x1b"
                  "8");
      writer_.pen_is(after_restore(pg.saved, writer_.pen()));
      writer_.set_pen({});
    }
    const auto charset = restores_charset ? s_.charset : shifted_in;

    if (s_.modes.origin)
      set_private(6, true);
    const int y = s_.modes.origin ? std::max(pg.y - pg.top, 0) : pg.y;
    if (s_.join != 0 && write_last_character(pg, y, charset))
      return;
    if (pg.x < s_.cols) {
      writer_.move_to(pg.x, y);
    } else {
      write_behind_last(pg, y, charset, is_plain);
    }
    if (is_plain)
      writer_.set_pen(s_.pen);
    // Combining characters that join nothing move the cursor further.
    for (int x = s_.cols; x < std::min(pg.x, s_.cols + 4096); ++x)
      writer_.put("\xcc\x80");
    if (s_.modes.insert)
      writer_.put("\x1b[4h");
  }

  /// The attributes after a DECRC with `before` in force.
  static attributes after_restore(const saved_cursor& saved, attributes before) {
    before.fg = saved.fg;
    before.bg = saved.bg;
    return before;
  }

  /// Attributes whose bits contradict each other came from a DECRC: do it again. What cannot be
  /// had that way is set as well as SGR can.
  void restore_pen(const saved_cursor& saved) {
    constexpr auto fg_bit = attributes::underline;
    constexpr auto bg_bit = attributes::extended;
    const auto& pen = s_.pen;
    attributes rest;
    rest.line = pen.line;
    rest.link = pen.link;
    if (rest.style() != 0)
      rest.fg = fg_bit;
    rest.update_extended();
    // OSC 8 makes the second bit agree with the rest again.
    const bool recounts = (saved.bg & bg_bit) != (pen.bg & bg_bit);
    const bool counted = pen.style() != 0 || pen.link != 0;
    if ((saved.fg & fg_bit) != (pen.fg & fg_bit) ||
        (recounts && ((pen.bg & bg_bit) != 0) != counted)) {
      writer_.put("\x1b[H");
      auto nearest = pen;
      nearest.set_style(pen.fg & fg_bit ? std::max(pen.style(), 1u) : 0);
      nearest.update_extended();
      writer_.set_pen(nearest);
      return;
    }
    writer_.set_pen(rest);
    writer_.put("\x1b"
                "8");
    change_flags(saved.fg, pen.fg, saved.bg, pen.bg);
    if (recounts)
      writer_.put_link(pen.link);
    writer_.pen_is(pen);
  }

  /// From one set of colours and flags to another, without touching the underline.
  void change_flags(std::uint32_t from_fg, std::uint32_t fg, std::uint32_t from_bg,
                    std::uint32_t bg) {
    std::string sgr;
    const auto flag = [&sgr](std::uint32_t from, std::uint32_t to, std::uint32_t bit, int on,
                             int off) {
      if ((from & bit) != (to & bit))
        sgr += ';' + std::to_string(to & bit ? on : off);
    };
    const auto color = [&sgr](std::uint32_t from, std::uint32_t to, int base) {
      from &= color_bits::mask;
      to &= color_bits::mask;
      if (from == to)
        return;
      const auto v = to & 0xffffff;
      switch (to & color_bits::kind_mask) {
      case color_bits::ansi:
        sgr += ';' + std::to_string(static_cast<int>(v) + (v < 8 ? base - 8 : base + 52 - 8));
        break;
      case color_bits::palette:
        sgr += ';' + std::to_string(base) + ";5;" + std::to_string(v & 0xff);
        break;
      case color_bits::rgb:
        sgr += ';' + std::to_string(base) + ";2;" + std::to_string(v >> 16) + ';' +
               std::to_string(v >> 8 & 0xff) + ';' + std::to_string(v & 0xff);
        break;
      default:
        sgr += ';' + std::to_string(base + 1);
      }
    };
    const bool clears_weight =
        (from_fg & ~fg & attributes::bold) || (from_bg & ~bg & attributes::dim);
    if (clears_weight) {
      sgr += ";22";
      from_fg &= ~attributes::bold;
      from_bg &= ~attributes::dim;
    }
    flag(from_fg, fg, attributes::bold, 1, 22);
    flag(from_bg, bg, attributes::dim, 2, 22);
    flag(from_bg, bg, attributes::italic, 3, 23);
    flag(from_fg, fg, attributes::blink, 5, 25);
    flag(from_fg, fg, attributes::inverse, 7, 27);
    flag(from_fg, fg, attributes::invisible, 8, 28);
    flag(from_fg, fg, attributes::strike, 9, 29);
    flag(from_bg, bg, attributes::overline, 53, 55);
    color(from_fg, fg, 38);
    color(from_bg, bg, 48);
    if (!sgr.empty())
      writer_.put("\x1b[" + sgr.substr(1) + 'm');
    if ((from_bg ^ bg) & attributes::is_protected)
      writer_.put(bg & attributes::is_protected ? "\x1b[1\"q" : "\x1b[0\"q");
  }

  /// A character was just printed, and the next one may join it, or CSI b repeat it: print it
  /// again.
  bool write_last_character(const page& pg, int y, charset_id charset) {
    const auto width = static_cast<int>(s_.join);
    if (!s_.modes.wrap && pg.x >= s_.cols - 1 && pg.x <= s_.cols && !s_.modes.insert &&
        writer_.is_first_half(pg.row(pg.y), s_.cols - 2)) {
      writer_.move_to(s_.cols - 2, y);
      finish_first_half(pg);
      return true;
    }
    if (width == 2 && !s_.modes.wrap && pg.x == s_.cols - 1) {
      // A wide character that did not fit, and could not wrap.
      writer_.set_pen(s_.pen);
      writer_.move_to(pg.x, y);
      if (s_.modes.insert)
        writer_.put("\x1b[4h");
      writer_.put(wide_space);
      return true;
    }
    const auto col = pg.x - width;
    if (col < 0 || pg.x > s_.cols)
      return false;
    const auto& row = pg.row(pg.y);
    const auto c = row.at(col);
    if (static_cast<int>(c.width()) != width ||
        !snapshot_writer::is_printable(row, col, s_.cols, s_.tables) ||
        s_.tables.styles.get(c.style) != s_.pen.as_stored() ||
        (c.code() < 0x7f && !c.is_cluster() && unmap_charset(charset, c.code()) == 0))
      return false;
    writer_.set_pen(s_.pen);
    writer_.move_to(col, y);
    if (s_.modes.insert) {
      writer_.put("\x1b[4h");
      writer_.csi(width, "P");
    }
    return writer_.print(c, s_.tables, charset);
  }

  /// Brings the cursor behind the last column, where the next character wraps, by printing what is
  /// in that column again.
  void write_behind_last(const page& pg, int y, charset_id charset, bool pen_is_free) {
    const auto& row = pg.row(pg.y);
    if (writer_.is_first_half(row, s_.cols - 2) && pen_is_free) {
      writer_.put("\x1b[?7l");
      writer_.move_to(s_.cols - 2, y);
      finish_first_half(pg);
      writer_.put(s_.modes.wrap ? "\x1b[?7h" : nothing);
      return;
    }
    auto col = s_.cols - 1;
    if (row.at(col).width() == 0 && !row.at(col).has_content())
      --col;
    const auto c = row.at(col);
    const auto a = s_.tables.styles.get(c.style);
    const bool pen_fits = pen_is_free ? snapshot_writer::is_plain(a) : a == s_.pen.as_stored();
    if (snapshot_writer::is_printable(row, col, s_.cols, s_.tables) && pen_fits) {
      if (pen_is_free)
        writer_.set_pen(a);
      writer_.move_to(col, y);
      if (writer_.print(c, s_.tables, charset)) {
        writer_.put(nothing);
        return;
      }
    }
    if (c.width() == 0 && c.has_content() && pen_fits) {
      // A combining character that joined nothing there moves the cursor, too.
      if (pen_is_free)
        writer_.set_pen(a);
      writer_.move_to(col, y);
      writer_.put_text(c, s_.tables);
      return;
    }
    if (!s_.alt_is_active) {
      // The cursor comes along from the other screen, which is forgotten.
      writer_.put("\x1b[?47h");
      writer_.move_to(s_.cols - 1, pg.y);
      writer_.put(" \x1b[?47l");
      return;
    }
    if (pen_is_free && is_uniformly_empty(row)) {
      writer_.set_pen(a);
      writer_.move_to(s_.cols - 1, y);
      writer_.put(" \x1b[1K"); // erases the whole row, and leaves the cursor where it is
      return;
    }
    writer_.move_to(s_.cols - 1, y);
  }

  /// Draws a first half alone, before the last column, again, and brings the cursor to its place.
  void finish_first_half(const page& pg) {
    const auto& row = pg.row(pg.y);
    const bool is_behind = writer_.draw_first_half(row, s_.tables, s_.cols - 2, s_.pen);
    if (is_behind && pg.x < s_.cols)
      writer_.put(wide_space); // does not fit
    else if (!is_behind && pg.x >= s_.cols &&
             snapshot_writer::is_printable(row, s_.cols - 1, s_.cols, s_.tables))
      writer_.print(row.at(s_.cols - 1), s_.tables, ascii_charset);
  }

  [[nodiscard]] bool is_uniformly_empty(const line& row) const {
    const auto first = row.at(0);
    const auto a = s_.tables.styles.get(first.style);
    if (first.width() != 1 || first.has_content() || a != a.as_erased())
      return false;
    for (int col = 1; col < s_.cols; ++col)
      if (row.at(col) != first)
        return false;
    return true;
  }

  const vt_state& s_;
  snapshot_writer writer_;
};

} // namespace

std::string screen::snapshot(const snapshot_options& options) const {
  const auto& history = state_->normal.history;
  // The newest lines that fit, by their packed size; drawing adds sequences, so look afterwards,
  // too.
  std::size_t lines = std::min(options.max_scrollback_lines, history.size());
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < lines; ++i) {
    bytes += history.packed_size(history.size() - 1 - i) + 2;
    if (bytes > options.max_bytes) {
      lines = i;
      break;
    }
  }
  for (;;) {
    std::string out;
    state_writer(*state_, out).write(history.size() - lines);
    if (out.size() <= options.max_bytes || lines == 0)
      return out;
    lines = std::min(lines - 1, lines * options.max_bytes / out.size());
  }
}

} // namespace roost::terminal
