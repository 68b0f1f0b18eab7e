#pragma once

#include "actors/terminal/screen/line.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace roost::terminal {

/// The lines that have left the top of the screen, oldest first. Each is kept as its text and the
/// runs of its attributes, a few bytes more than the text itself; blocks of lines share an
/// allocation. Bounded by a number of lines.
class scrollback {
public:
  explicit scrollback(std::size_t max_lines) : max_lines_(max_lines) {}

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t max_lines() const { return max_lines_; }
  [[nodiscard]] bool is_full() const { return size_ == max_lines_; }

  /// Adds the newest line. @returns whether the oldest was dropped for it.
  bool push(const line& added, const cell_tables& tables);
  /// Takes the newest line back; styles and clusters go into `tables`. Needs size() > 0.
  line pop(cell_tables& tables);
  void drop_oldest(std::size_t count);
  void clear();

  /// Unpacks the line at `index`, 0 being the oldest.
  void unpack(std::size_t index, line& into, cell_tables& tables) const;
  [[nodiscard]] bool is_wrapped(std::size_t index) const;
  void set_wrapped(std::size_t index, bool wrapped);
  /// Bytes that the line takes.
  [[nodiscard]] std::size_t packed_size(std::size_t index) const { return packed(index).size(); }
  /// The hyperlinks that lines use, in no order, with repetitions.
  void collect_links(std::vector<std::uint32_t>& into) const;

  [[nodiscard]] std::size_t memory_bytes() const;

private:
  struct block {
    std::string bytes;
    std::vector<std::uint32_t> ends; ///< of each line in `bytes`
    bool has_links = false;
  };
  [[nodiscard]] std::string_view packed(std::size_t index) const;
  void locate(std::size_t index, std::size_t& block_index, std::size_t& line_index) const;

  static constexpr std::size_t lines_per_block = 64; // a power of two: places are computed

  std::size_t max_lines_;
  std::size_t size_ = 0;
  std::size_t gone_ = 0; ///< lines of the first block that were dropped
  std::deque<block> blocks_;
};

} // namespace roost::terminal
