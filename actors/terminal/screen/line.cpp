#include "actors/terminal/screen/line.hpp"

#include <algorithm>

namespace roost::terminal {

void line::insert_cells(int col, int n, style_ref fill, int cols) {
  col %= cols;
  if (width_at(col - 1, cols) == 2)
    set(col - 1, cell::blank(fill), cols);
  if (n < cols - col) {
    for (int i = cols - n - 1; i >= col; --i)
      set(i + n, at(i), cols);
    for (int i = 0; i < n; ++i)
      set(col + i, cell::blank(fill), cols);
  } else {
    for (int i = col; i < cols; ++i)
      set(i, cell::blank(fill), cols);
  }
  if (width_at(cols - 1, cols) == 2)
    set(cols - 1, cell::blank(fill), cols);
}

void line::delete_cells(int col, int n, style_ref fill, int cols) {
  col %= cols;
  if (n < cols - col) {
    for (int i = col; i < cols - n; ++i)
      set(i, at(i + n), cols);
    for (int i = cols - n; i < cols; ++i)
      set(i, cell::blank(fill), cols);
  } else {
    for (int i = col; i < cols; ++i)
      set(i, cell::blank(fill), cols);
  }
  if (width_at(col - 1, cols) == 2)
    set(col - 1, cell::blank(fill), cols);
  const auto here = at(col);
  if (here.width() == 0 && !here.has_content())
    set(col, cell::blank(fill), cols);
}

void line::erase(int from, int to, style_ref fill, int cols, protection keep,
                 const style_table& styles) {
  const auto is_kept = [&](int col) {
    return keep == protection::respected &&
           (styles.get(at(col).style).bg & attributes::is_protected) != 0;
  };
  if (width_at(from - 1, cols) == 2 && !is_kept(from - 1))
    set(from - 1, cell::blank(fill), cols);
  if (to < cols && width_at(to - 1, cols) == 2 && !is_kept(to))
    set(to, cell::blank(fill), cols);
  to = std::min(to, cols);
  if (keep == protection::ignored && fill == 0 && to == cols) {
    truncate(std::min(from, stored()));
    return;
  }
  for (int col = from; col < to; ++col)
    if (!is_kept(col))
      set(col, cell::blank(fill), cols);
}

void line::erase_all(style_ref fill, int cols, protection keep, const style_table& styles) {
  if (keep == protection::respected) {
    for (int col = 0; col < cols; ++col)
      if (!(styles.get(at(col).style).bg & attributes::is_protected))
        set(col, cell::blank(fill), cols);
    return;
  }
  this->fill(cell::blank(fill), cols);
}

void line::fill(cell value, int cols) {
  cells_.clear();
  if (!value.is_default())
    cells_.assign(static_cast<std::size_t>(cols), value);
}

int line::content_length() const {
  for (auto i = cells_.size(); i-- > 0;)
    if (cells_[i].has_content())
      return static_cast<int>(i + cells_[i].width());
  return 0;
}

} // namespace roost::terminal
