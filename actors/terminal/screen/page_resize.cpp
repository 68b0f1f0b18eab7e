#include "actors/terminal/screen/page.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace roost::terminal {

namespace {

constexpr int tab_width = 8;

/// Columns of a row that belong to a wrapped line's text. A row that is continued counts whole,
/// without the column that a wide character left empty because it did not fit.
int text_length(const std::vector<line>& rows, std::size_t at, std::size_t last, int cols) {
  if (at == last)
    return std::min(rows[at].content_length(), cols);
  const auto end = rows[at].at(cols - 1);
  const bool is_left_empty =
      !end.has_content() && end.width() == 1 && rows[at + 1].at(0).width() == 2;
  return is_left_empty ? cols - 1 : cols;
}

/// The text of rows [first, last] as one row of cells.
std::vector<cell> joined(const std::vector<line>& rows, std::size_t first, std::size_t last,
                         int cols) {
  std::vector<cell> all;
  for (auto at = first; at <= last; ++at)
    for (int col = 0, end = text_length(rows, at, last, cols); col < end; ++col)
      all.push_back(rows[at].at(col));
  return all;
}

/// How many cells from `at` on go into a row of `cols`: a wide character is not cut apart.
std::size_t row_share(const std::vector<cell>& all, std::size_t at, int cols) {
  const auto n = std::min(all.size() - at, static_cast<std::size_t>(cols));
  return n == static_cast<std::size_t>(cols) && all[at + n - 1].width() == 2 ? n - 1 : n;
}

void put_cells(line& row, const std::vector<cell>& all, std::size_t at, std::size_t n) {
  auto& cells = row.cells();
  if (cells.size() < n)
    cells.resize(n);
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(at), n, cells.begin());
}

} // namespace

void page::resize(int cols, int rows, cell_tables& tables) {
  if (has_rows()) {
    change_rows(rows, tables);
    x = std::min(x, cols - 1);
    saved.x = std::min(saved.x, cols - 1);
    top = 0;
    if (cols != cols_ && has_scrollback_)
      reflow(cols, rows, tables);
  }
  bottom = rows - 1;
  // New columns get stops from the last one on.
  cols_ = cols;
  rows_ = rows;
  tabs_.resize(std::max(tabs_.size(), static_cast<std::size_t>(cols) + 1));
  for (int col = has_tab(cols) ? cols : previous_tab(cols); col < cols; col += tab_width)
    set_tab(col);
}

// A higher screen takes lines back from the scrollback if the cursor is in the last row, and gets
// blank rows below otherwise. A lower one gives up rows below the cursor, then rows at the top.
void page::change_rows(int rows, cell_tables& tables) {
  std::deque<line> all;
  for (int at = 0; at < rows_; ++at)
    all.push_back(std::move(row(at)));
  int taken_back = 0;
  for (int at = rows_; at < rows; ++at) {
    const bool is_cursor_last = static_cast<int>(all.size()) <= y + taken_back + 1;
    if (history.size() > 0 && is_cursor_last) {
      all.push_front(history.pop(tables));
      ++taken_back;
    } else {
      all.emplace_back();
    }
  }
  for (int at = rows_; at > rows; --at) {
    if (static_cast<int>(all.size()) > y + 1) {
      all.pop_back();
    } else {
      const bool has_dropped = history.push(all.front(), tables);
      all.pop_front();
      if (has_dropped)
        saved.line = std::max<std::int64_t>(saved.line - 1, 0);
    }
  }
  y = std::min(y, rows - 1) + taken_back;
  lines_.assign(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
  order_.resize(lines_.size());
  for (std::size_t i = 0; i < order_.size(); ++i)
    order_[i] = static_cast<std::uint16_t>(i);
  rows_ = rows;
}

// Wraps lines anew, after the rows are right. All but the line that the cursor is in: its program
// (a shell at its prompt) draws it anew.
void page::reflow(int cols, int rows, cell_tables& tables) {
  std::vector<line> all;
  all.reserve(history.size() + lines_.size());
  for (std::size_t i = 0; i < history.size(); ++i) {
    line unpacked;
    history.unpack(i, unpacked, tables);
    all.push_back(std::move(unpacked));
  }
  auto first_row = static_cast<std::int64_t>(history.size());
  for (int at = 0; at < rows_; ++at)
    all.push_back(std::move(row(at)));

  const auto most = static_cast<std::int64_t>(history.max_lines()) + rows;
  if (cols > cols_) {
    widen(all, first_row, cols, rows);
  } else {
    narrow(all, first_row, cols, rows, most);
    for (auto& l : all)
      l.truncate(cols);
  }
  history.clear();
  if (static_cast<std::int64_t>(all.size()) < first_row + rows)
    all.resize(static_cast<std::size_t>(first_row + rows));
  for (std::int64_t i = 0; i < first_row; ++i)
    history.push(all[static_cast<std::size_t>(i)], tables);
  for (int at = 0; at < rows; ++at)
    row(at) = std::move(all[static_cast<std::size_t>(first_row + at)]);
}

void page::widen(std::vector<line>& all, std::int64_t& first_row, int cols, int rows) {
  std::vector<line> kept;
  kept.reserve(all.size());
  std::int64_t removed = 0;
  for (std::size_t first = 0; first < all.size();) {
    auto last = first;
    while (last + 1 < all.size() && all[last + 1].is_wrapped)
      ++last;
    const auto cursor = static_cast<std::size_t>(first_row + y);
    auto used = last;
    if (last > first && (cursor < first || cursor > last)) {
      const auto text = joined(all, first, last, cols_);
      auto to = first;
      std::size_t at = 0;
      while (at < text.size()) {
        const auto n = row_share(text, at, cols);
        put_cells(all[to], text, at, n);
        all[to].truncate(static_cast<int>(n));
        at += n;
        if (at < text.size())
          ++to;
      }
      if (text.empty())
        all[to].clear();
      used = to;
      while (used > first && all[used].content_length() == 0)
        --used;
    }
    for (auto at = first; at <= used; ++at)
      kept.push_back(std::move(all[at]));
    removed += static_cast<std::int64_t>(last - used);
    first = last + 1;
  }
  all = std::move(kept);
  for (auto n = removed; n > 0; --n) {
    if (first_row > 0) {
      --first_row;
      continue;
    }
    y = std::max(y - 1, 0);
    if (static_cast<int>(all.size()) < rows)
      all.emplace_back();
  }
  saved.line = std::max<std::int64_t>(saved.line - removed, 0);
}

void page::narrow(std::vector<line>& all, std::int64_t& first_row, int cols, int rows,
                  std::int64_t most) {
  // From the end; `below` is what is finished, last line first.
  std::vector<line> below;
  std::vector<bool> is_new; // which of them were added
  std::int64_t inserted = 0;
  std::int64_t popped = 0; // blank rows at the end that make room
  for (auto end = all.size(); end > 0;) {
    const auto last = end - 1;
    auto first = last;
    while (all[first].is_wrapped && first > 0)
      --first;
    end = first;
    const auto cursor = first_row + y;
    const bool has_cursor =
        cursor >= static_cast<std::int64_t>(first) && cursor <= static_cast<std::int64_t>(last);
    const bool is_short =
        last == first && !all[last].is_wrapped && all[last].content_length() <= cols;
    if (is_short || has_cursor) {
      for (auto at = last + 1; at > first; --at)
        below.push_back(std::move(all[at - 1]));
      is_new.resize(below.size());
      continue;
    }
    const auto text = joined(all, first, last, cols_);
    std::vector<line> wrapped;
    for (std::size_t at = 0; at < text.size();) {
      const auto n = row_share(text, at, cols);
      line row;
      if (first + wrapped.size() <= last)
        row = std::move(all[first + wrapped.size()]);
      else
        row.is_wrapped = true;
      put_cells(row, text, at, n);
      if (n < static_cast<std::size_t>(cols))
        row.set(static_cast<int>(n), cell{}, cols);
      wrapped.push_back(std::move(row));
      at += n;
    }
    for (auto at = first + wrapped.size(); at <= last; ++at)
      wrapped.push_back(std::move(all[at]));
    const auto added = static_cast<std::int64_t>(wrapped.size() - (last - first + 1));
    const auto total = static_cast<std::int64_t>(all.size()) - popped;
    const bool has_room_below = first_row == 0 && y != total - 1;
    const auto trimmed = std::max<std::int64_t>(0, (has_room_below ? y : total) - most + added);
    inserted += added;
    for (auto n = added - trimmed; n > 0; --n) {
      if (first_row == 0) {
        if (y < rows - 1) {
          ++y;
          ++popped;
        } else {
          ++first_row;
        }
      } else if (first_row <
                 std::min(most, static_cast<std::int64_t>(all.size()) - popped + inserted) - rows) {
        ++first_row;
      }
    }
    saved.line = std::min(saved.line + added, first_row + rows - 1);
    for (auto at = wrapped.size(); at > 0; --at) {
      below.push_back(std::move(wrapped[at - 1]));
      is_new.push_back(first + at - 1 > last);
    }
  }
  std::reverse(below.begin(), below.end());
  // Room is made by rows that were there before, even if they have text.
  for (auto at = below.size(); at > 0 && popped > 0; --at)
    if (!is_new[below.size() - at]) {
      // `is_new` counts from the end.
      is_new.erase(is_new.begin() + static_cast<std::ptrdiff_t>(below.size() - at));
      below.erase(below.begin() + static_cast<std::ptrdiff_t>(at) - 1);
      --popped;
    }
  if (const auto excess = static_cast<std::int64_t>(below.size()) - most; excess > 0)
    below.erase(below.begin(), below.begin() + excess);
  all = std::move(below);
  first_row =
      std::min(first_row, std::max<std::int64_t>(static_cast<std::int64_t>(all.size()) - rows, 0));
}

} // namespace roost::terminal
