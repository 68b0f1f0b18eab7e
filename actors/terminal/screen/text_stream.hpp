#pragma once

#include "actors/terminal/screen/vt_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roost::terminal {

/// A program's output as plain text: escape sequences are gone, `\r` goes back to the beginning of
/// the line (a progress bar's last state remains), backspace and erasing to the end of the line
/// work within the line. Moves to other lines begin a new one. For matching and for reading a
/// command's output, not a picture of the screen: see `screen` for that.
///
/// Bounded: a line that grows past `max_line` bytes is broken. Pure; not thread-safe.
class text_stream {
public:
  static constexpr std::size_t max_line = std::size_t{64} << 10;

  /// Takes output; may be cut anywhere.
  void feed(std::string_view bytes);
  /// The finished lines since the last call, each with its newline.
  std::string take();
  /// The unfinished line as it stands. Valid until the next call of `feed`.
  [[nodiscard]] std::string_view line() const { return line_; }
  /// Everything, the unfinished line included, and begins afresh.
  std::string finish();

  // ---- the parser's sink ----
  void print_begin() {}
  void print_ascii(const char* text, std::size_t n);
  void print(char32_t code);
  void print_end() {}
  void execute(unsigned code);
  void esc(std::uint32_t ident);
  void csi(std::uint32_t ident, const csi_params& params);
  void osc(const std::string&) {}
  void dcs(std::uint32_t, const std::string&) {}
  void end_string() {}

private:
  void put(std::string_view text);
  void end_line();
  void move_to(std::size_t column);
  [[nodiscard]] std::size_t column() const;

  vt_parser parser_;
  std::string done_;
  std::string line_;
  std::size_t at_ = 0; ///< where in `line_` text goes, in bytes
};

} // namespace roost::terminal
