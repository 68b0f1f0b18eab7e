#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roost::channel {

/// Cuts a stream of bytes into lines, as MCP's stdio transport frames its messages: each ends in a
/// newline (a carriage return before it is taken off), empty ones are passed over. Linear in the
/// number of bytes however they come. Not thread-safe.
class line_framer {
public:
  enum class step : std::uint8_t { line, more, too_long };

  /// `max`: bytes of a line, without its end.
  explicit line_framer(std::size_t max) : max_(max) {}

  /// Takes what was read. Call `next` until it gives no more lines before the next `add`: then at
  /// most `max` bytes and one read are kept.
  void add(std::string_view bytes);

  /// The next whole line: valid until the next call. Once a line is too long, whatever follows
  /// cannot be told apart from it any more: too_long for good, and nothing is kept.
  step next(std::string_view& line);

  [[nodiscard]] std::size_t buffered() const { return buffer_.size() - start_; }

private:
  std::size_t max_;
  std::string buffer_;
  std::size_t start_ = 0;   ///< of the line that has not been given out
  std::size_t scanned_ = 0; ///< no newline between start_ and here
  bool is_broken_ = false;
};

} // namespace roost::channel
