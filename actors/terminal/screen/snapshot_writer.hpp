#pragma once

#include "actors/terminal/screen/vt_state.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::terminal {

/// Writes the sequences that bring a terminal to a state, keeping track of the cursor's column and
/// the attributes of the terminal that will read them. Drawing is done in a terminal fresh from a
/// reset: no margins, no origin mode, ASCII, with wrapping on.
///
/// Most of a screen is text with attributes. The rest is what programs leave behind by accident:
/// halves of wide characters, empty cells with attributes, combining characters without a base.
/// They have no sequence of their own, but each can be made by doing what the program did, in
/// small.
class snapshot_writer {
public:
  snapshot_writer(std::string& out, int cols, int rows, const link_table& links)
      : out_(out), cols_(cols), rows_(rows), links_(links),
        is_done_(static_cast<std::size_t>(cols)), is_dirty_(static_cast<std::size_t>(cols)) {}

  /// Draws lines from the top: the page's scrollback from `first` on, then its rows. With a
  /// scrollback, the lines scroll to their places.
  void draw_page(const page& pg, const cell_tables& tables, std::size_t first);

  /// Makes `want` the terminal's attributes. The cursor must not stand behind the last column if
  /// `!is_plain(want)`.
  void set_pen(const attributes& want);
  /// Whether SGR, DECSCA and OSC 8 alone can set it: the bits that repeat each other agree.
  static bool is_plain(const attributes& a);
  /// Makes `fg` and `bg` the terminal's, whatever comes of the rest, for DECSC to save.
  void set_pen_to_save(std::uint32_t fg, std::uint32_t bg);
  [[nodiscard]] const attributes& pen() const { return pen_; }
  /// Says what the terminal's attributes are, after a DECRC.
  void pen_is(const attributes& pen) { pen_ = pen; }

  /// OSC 8, whatever the link is now.
  void put_link(std::uint32_t link);
  void put(std::string_view bytes) { out_ += bytes; }
  void put_text(const cell& c, const cell_tables& tables) { tables.append_text(c, out_); }
  /// `CSI <n> <final>`.
  void csi(int n, std::string_view final);
  void move_to(int x, int y);
  /// Prints what the cell holds, in the current attributes. `charset` is the one in use.
  /// @returns false, and prints nothing, if the character set cannot say it.
  bool print(const cell& c, const cell_tables& tables, charset_id charset);

  /// Whether a column holds the first half of a wide character alone.
  [[nodiscard]] bool is_first_half(const line& l, int col) const;
  /// Draws what is at `col` and behind it into the last two columns of the terminal, with wrapping
  /// off; `pen` is for what follows. @returns whether the cursor is behind the last column.
  bool draw_first_half(const line& l, const cell_tables& tables, int col, const attributes& pen);
  /// Whether DECSC was used, since the last call of the second.
  [[nodiscard]] bool saves_cursor() const { return saves_cursor_; }
  bool take_saves_cursor() { return std::exchange(saves_cursor_, false); }

  /// Whether printing gives this cell (and its second half).
  static bool is_printable(const line& l, int col, int cols, const cell_tables& tables);

private:
  struct source; // of the lines of a page

  void draw_line(const line& l, const cell_tables& tables);
  void draw_next_after_wrap(const line& next, const cell_tables& tables);
  int draw_cell(const line& l, const cell_tables& tables, int col);
  void draw_first_halves(const line& l, const cell_tables& tables, int from);
  void draw_halves(const line& l, const cell_tables& tables, int from);
  bool draw_end_empty(const line& l, const cell_tables& tables);
  void draw_last_empty(const attributes& a);
  void draw_two_last_empty(const attributes& before, const attributes& last);
  void draw_empty(const attributes& a, int col);
  void erase(int col, int n, style_ref style, const cell_tables& tables);
  void to_col(int col);
  void set_link(std::uint32_t link);
  void clear_dirt() {
    dirty_end_ = 0;
    is_dirty_.assign(is_dirty_.size(), false);
  }
  void soil(int from, int to);

  std::string& out_;
  int cols_;
  int rows_;
  const link_table& links_;
  attributes pen_;
  int col_ = 0; ///< cols_: the next character wraps
  bool saves_cursor_ = false;
  int drawn_ = 0;              ///< columns of the line that the wrap to it has drawn
  int dirty_end_ = 0;          ///< columns before this one may be dirty
  std::vector<bool> is_done_;  ///< columns of that line that are as they should be
  std::vector<bool> is_dirty_; ///< columns of the line that is drawn that are not blank
};

} // namespace roost::terminal
