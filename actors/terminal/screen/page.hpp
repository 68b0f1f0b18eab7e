#pragma once

#include "actors/terminal/screen/charset.hpp"
#include "actors/terminal/screen/line.hpp"
#include "actors/terminal/screen/scrollback.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace roost::terminal {

/// What DECSC keeps. The row counts from the oldest line of the scrollback.
struct saved_cursor {
  int x = 0;
  std::int64_t line = 0;
  std::uint32_t fg = 0;
  std::uint32_t bg = 0;
  charset_id charset = ascii_charset;
};

/// One of a terminal's two screens: its rows, cursor, margins, tab stops and saved cursor. The
/// normal screen has a scrollback; the alternate one has none, and has no rows while it is not
/// shown.
class page {
public:
  enum class kind : std::uint8_t { normal, alternate };

  page(kind what, int cols, int rows, std::size_t scrollback_lines);

  [[nodiscard]] int cols() const { return cols_; }
  [[nodiscard]] int rows() const { return rows_; }
  [[nodiscard]] line& row(int at) { return lines_[order_[static_cast<std::size_t>(at)]]; }
  [[nodiscard]] const line& row(int at) const {
    return lines_[order_[static_cast<std::size_t>(at)]];
  }
  [[nodiscard]] line& current() { return row(y); }
  [[nodiscard]] bool has_rows() const { return !order_.empty(); }

  /// Makes the rows, filled with `fill`, if there are none.
  void make_rows(style_ref fill);
  /// Drops the rows; margins, tab stops and cursor go back to the beginning.
  void drop_rows();

  /// Moves the region [from, to] up by one; its last row becomes blank.
  line& rotate_up(int from, int to, style_ref fill);
  /// Moves the region [from, to] down by one; its first row becomes blank.
  line& rotate_down(int from, int to, style_ref fill);
  /// Scrolls the margins' region up by one as a line feed does: a row that leaves at the top of the
  /// screen goes to the scrollback.
  void scroll(style_ref fill, bool is_wrapped, const cell_tables& tables);

  void set_tab(int col);
  void clear_tab(int col);
  void clear_tabs() { tabs_.assign(tabs_.size(), false); }
  [[nodiscard]] bool has_tab(int col) const {
    return col >= 0 && static_cast<std::size_t>(col) < tabs_.size() &&
           tabs_[static_cast<std::size_t>(col)];
  }
  [[nodiscard]] int next_tab(int col) const;
  [[nodiscard]] int previous_tab(int col) const;
  /// A stop in every eighth column.
  void reset_tabs();

  /// Changes the size as xterm.js does: wrapped lines of the normal screen are wrapped anew, except
  /// the one with the cursor.
  void resize(int cols, int rows, cell_tables& tables);

  [[nodiscard]] std::size_t memory_bytes() const;

  int x = 0; ///< may be past the last column: the next character wraps
  int y = 0;
  int top = 0; ///< margins: first and last row of the scrolling region
  int bottom = 0;
  saved_cursor saved;
  scrollback history;

  /// Number of the first row on the screen, counted as `saved.line` is.
  [[nodiscard]] std::int64_t base() const { return static_cast<std::int64_t>(history.size()); }

private:
  void change_rows(int rows, cell_tables& tables);
  void reflow(int cols, int rows, cell_tables& tables);
  void widen(std::vector<line>& all, std::int64_t& first_row, int cols, int rows);
  void narrow(std::vector<line>& all, std::int64_t& first_row, int cols, int rows,
              std::int64_t most);

  bool has_scrollback_; ///< is the normal screen: its lines are wrapped anew
  int cols_;
  int rows_;
  std::vector<line> lines_;
  std::vector<std::uint16_t> order_; ///< the rows from top to bottom, as indices of lines_
  std::vector<bool> tabs_;
};

} // namespace roost::terminal
