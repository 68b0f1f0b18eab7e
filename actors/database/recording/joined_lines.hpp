#pragma once

#include "actors/terminal/screen/screen.hpp"
#include "actors/terminal/terminal_size.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::recording {

/// Makes text of the rows that a screen gives: rows that were wrapped are one line, blanks at a
/// line's end go. Pure; holds at most the bytes that it may.
class joined_lines {
public:
  /// Output is fed to the screen in pieces of at most this size. A byte scrolls one line at most,
  /// and lines are taken after each piece.
  static constexpr std::size_t piece_size = 4096;
  /// Ends whatever sequence is unfinished (CAN).
  static constexpr std::string_view cancel = "\x18";
  static constexpr std::string_view leave_alternate = "\x1b[?1049l";
  /// A screen whose lines are all taken in time: a resize brings rows, too.
  static terminal::screen_config screen_for(terminal::terminal_size size) {
    return {size.cols, size.rows, piece_size + terminal::max_rows};
  }

  explicit joined_lines(std::size_t most) : most_(most) {}

  void add(const std::vector<terminal::printed_line>& lines) {
    for (const auto& line : lines) {
      if (left_out_ > 0 || out_.size() + blanks_ + line.text.size() + 2 > most_) {
        left_out_ += line.text.size() + 1;
        continue;
      }
      if (!line.is_wrapped && is_in_line_)
        out_ += '\n';
      else
        out_.append(blanks_, ' ');
      const auto end = line.text.find_last_not_of(' ') + 1;
      out_.append(line.text, 0, end);
      blanks_ = line.text.size() - end;
      is_in_line_ = true;
    }
  }
  /// What was added since the last call. The last line has no newline: the next may continue it.
  std::string take() { return std::exchange(out_, {}); }
  /// The same, with that newline; what comes then begins anew.
  std::string finish() {
    if (is_in_line_)
      out_ += '\n';
    is_in_line_ = false;
    blanks_ = 0;
    left_out_ = 0;
    return take();
  }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  /// Bytes that did not fit since the last `finish`.
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

private:
  std::size_t most_;
  bool is_in_line_ = false; ///< the last line may be continued by the next
  std::size_t blanks_ = 0;  ///< at its end, which count only if it is continued
  std::size_t left_out_ = 0;
  std::string out_;
};

} // namespace roost::recording
