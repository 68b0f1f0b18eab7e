#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace roost::cli {

/// `text` fit for somebody's terminal, by the rule of `append_visible` but with single backslashes:
/// a title or a server's message can never carry an escape sequence.
std::string printable(std::string_view text);

/// Columns that `text` (already printable) takes on a terminal; wide characters take two.
std::size_t display_width(std::string_view text);

/// Cuts `text` (already printable) to at most `columns`, marking the cut with "…".
std::string cut_to_width(std::string_view text, std::size_t columns);

/// A cell and the SGR parameters it is shown with where colours are wanted ("" = none).
struct table_cell {
  std::string text;
  std::string_view style = {};
};

/// Where colours are wanted.
enum class colour : bool { off, on };

/// Lines of a table whose columns are aligned by display width and two spaces apart; the first row
/// is the heading. Cells are made printable here. Rows may be shorter than the heading. The last
/// column is cut so that no line is wider than `width` (0: no limit).
std::string render_table(const std::vector<std::vector<table_cell>>& rows, colour colours,
                         std::size_t width);

} // namespace roost::cli
