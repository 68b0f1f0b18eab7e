#pragma once

#include "actors/terminal/screen/cell.hpp"

#include <cstddef>
#include <vector>

namespace roost::terminal {

/// One row of cells. Stores them up to the last that was ever written; behind it the row is as a
/// fresh one. Cells outside of the row read as width 0 and ignore writes. The editing functions
/// leave halves of wide characters behind exactly where xterm.js does.
class line {
public:
  [[nodiscard]] cell at(int col) const {
    return static_cast<std::size_t>(col) < cells_.size() ? cells_[static_cast<std::size_t>(col)]
                                                         : cell{};
  }
  /// The width of the cell; 0 outside of the row.
  [[nodiscard]] unsigned width_at(int col, int cols) const {
    return col >= 0 && col < cols ? at(col).width() : 0;
  }
  void set(int col, cell value, int cols) {
    if (col < 0 || col >= cols)
      return;
    const auto index = static_cast<std::size_t>(col);
    if (index >= cells_.size()) {
      if (value.is_default())
        return;
      cells_.resize(index + 1);
    }
    cells_[index] = value;
  }

  /// Cells [col, col + n) for plain overwriting; the row is made long enough.
  cell* writable(int col, int n) {
    const auto end = static_cast<std::size_t>(col) + static_cast<std::size_t>(n);
    if (end > cells_.size())
      cells_.resize(end);
    return cells_.data() + col;
  }

  enum class protection : bool { ignored, respected };

  /// ICH: shifts cells from `col` to the right by `n`, and fills the gap.
  void insert_cells(int col, int n, style_ref fill, int cols);
  /// DCH: shifts cells to the left, and fills the end.
  void delete_cells(int col, int n, style_ref fill, int cols);
  /// Erases [from, to).
  void erase(int from, int to, style_ref fill, int cols, protection keep,
             const style_table& styles);
  /// Erases everything.
  void erase_all(style_ref fill, int cols, protection keep, const style_table& styles);
  void fill(cell value, int cols);
  void clear() { cells_.clear(); }
  /// Cuts the row to `cols` cells.
  void truncate(int cols) {
    if (cells_.size() > static_cast<std::size_t>(cols))
      cells_.resize(static_cast<std::size_t>(cols));
  }

  /// Columns up to the end of the last cell with content.
  [[nodiscard]] int content_length() const;
  /// Cells stored: columns behind them are as in a fresh row.
  [[nodiscard]] int stored() const { return static_cast<int>(cells_.size()); }
  [[nodiscard]] const std::vector<cell>& cells() const { return cells_; }
  [[nodiscard]] std::vector<cell>& cells() { return cells_; }

  bool is_wrapped = false; ///< continues the row above

private:
  std::vector<cell> cells_;
};

} // namespace roost::terminal
