#pragma once

#include "actors/database/recording/byte_scanner.hpp"
#include "actors/database/recording/chunk_sequence.hpp"
#include "actors/database/recording/joined_lines.hpp"
#include "actors/runtime/result.hpp"
#include "actors/terminal/screen/screen.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roost::recording {

/// Writes a recording as plain text: what scrolled through the terminal, line by line, as the
/// screen shows it (a progress bar's last state), lines that were wrapped as one. What is cleared
/// as a whole is written before. What full-screen programs draw on the alternate screen is left
/// out; a line in brackets says so, and another one tells of output that was not recorded.
///
/// `add` for each chunk, then `finish`. Holds a screen and what one chunk gives: pure; not
/// thread-safe.
class text_export {
public:
  /// Bytes that a chunk may give; what is more is left out, with a line that says so. Only output
  /// that is made for it (a blank line of 4096 columns is six bytes) gives so much.
  static constexpr std::size_t max_text = std::size_t{8} << 20;

  /// @param size the terminal's at the beginning.
  explicit text_export(terminal::terminal_size size);

  /// The lines that are over. Errors: as chunk_sequence::open.
  result<std::string> add(const chunk& next);
  /// What is still on the screen.
  std::string finish();

private:
  void feed(std::string_view bytes);
  void feed_piece(std::string_view bytes);
  void note(const std::string& text);
  void on_lost(std::uint64_t bytes, std::string_view reason);
  void take_scrolled();
  void take_screen();
  std::string take();

  chunk_sequence chunks_;
  terminal::screen screen_;
  byte_scanner scanner_;
  bool was_alternate_ = false;
  std::uint64_t lost_unseen_ = 0; ///< bytes, while the alternate screen was shown
  joined_lines lines_{max_text};
};

} // namespace roost::recording
