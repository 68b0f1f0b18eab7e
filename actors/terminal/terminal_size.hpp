#pragma once

#include <cstdint>

namespace roost::terminal {

/// The largest number of columns or rows a terminal may have. The kernel's limit is 65535; a screen
/// of 4096 x 4096 cells is already past any display, and bounds what a screen model may cost.
inline constexpr std::uint32_t max_columns = 4096;
inline constexpr std::uint32_t max_rows = 4096;

/// Whether a size that somebody asked for is one a terminal can have: 1..4096 in both directions.
constexpr bool is_valid_size(std::uint64_t cols, std::uint64_t rows) {
  return cols >= 1 && cols <= max_columns && rows >= 1 && rows <= max_rows;
}

/// Columns and rows, in cells.
struct terminal_size {
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;

  friend bool operator==(const terminal_size&, const terminal_size&) = default;
  [[nodiscard]] constexpr bool is_valid() const { return is_valid_size(cols, rows); }
};

} // namespace roost::terminal
