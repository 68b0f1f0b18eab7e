#include "actors/terminal/screen/page.hpp"

#include <algorithm>

namespace roost::terminal {

namespace {

constexpr int tab_width = 8;

} // namespace

page::page(kind what, int cols, int rows, std::size_t scrollback_lines)
    : bottom(rows - 1), history(scrollback_lines), has_scrollback_(what == kind::normal),
      cols_(cols), rows_(rows) {
  reset_tabs();
}

void page::make_rows(style_ref fill) {
  if (has_rows())
    return;
  lines_.resize(static_cast<std::size_t>(rows_));
  for (int i = 0; i < rows_; ++i) {
    order_.push_back(static_cast<std::uint16_t>(i));
    if (fill != 0)
      lines_[static_cast<std::size_t>(i)].fill(cell::blank(fill), cols_);
  }
}

void page::drop_rows() {
  lines_ = {};
  order_ = {};
  x = y = top = 0;
  bottom = rows_ - 1;
  reset_tabs();
}

line& page::rotate_up(int from, int to, style_ref fill) {
  const auto begin = order_.begin();
  std::rotate(begin + from, begin + from + 1, begin + to + 1);
  auto& blank = row(to);
  blank.fill(cell::blank(fill), cols_);
  blank.is_wrapped = false;
  return blank;
}

line& page::rotate_down(int from, int to, style_ref fill) {
  const auto begin = order_.begin();
  std::rotate(begin + from, begin + to, begin + to + 1);
  auto& blank = row(from);
  blank.fill(cell::blank(fill), cols_);
  blank.is_wrapped = false;
  return blank;
}

void page::scroll(style_ref fill, bool is_wrapped, const cell_tables& tables) {
  if (top == 0)
    history.push(row(0), tables);
  rotate_up(top, bottom, fill).is_wrapped = is_wrapped;
}

void page::set_tab(int col) {
  if (static_cast<std::size_t>(col) >= tabs_.size())
    return;
  tabs_[static_cast<std::size_t>(col)] = true;
}

void page::clear_tab(int col) {
  if (static_cast<std::size_t>(col) < tabs_.size())
    tabs_[static_cast<std::size_t>(col)] = false;
}

int page::next_tab(int col) const {
  do {
    ++col;
  } while (!has_tab(col) && col < cols_);
  return std::min(col, cols_ - 1);
}

int page::previous_tab(int col) const {
  do {
    --col;
  } while (!has_tab(col) && col > 0);
  return std::clamp(col, 0, cols_ - 1);
}

void page::reset_tabs() {
  // One more than there are columns: the cursor may stand behind the last one.
  tabs_.assign(static_cast<std::size_t>(cols_) + 1, false);
  for (int col = 0; col < cols_; col += tab_width)
    tabs_[static_cast<std::size_t>(col)] = true;
}

std::size_t page::memory_bytes() const {
  std::size_t bytes = sizeof(page) + history.memory_bytes() + tabs_.capacity() / 8 +
                      order_.capacity() * sizeof(std::uint16_t) + lines_.capacity() * sizeof(line);
  for (const auto& l : lines_)
    bytes += l.cells().capacity() * sizeof(cell);
  return bytes;
}

} // namespace roost::terminal
