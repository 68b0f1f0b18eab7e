#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace roost {

/// Writes whole lines to a descriptor that somebody else reads (a terminal, a pipe, a journal) and
/// never waits longer than `patience` for them. Once a reader has made us wait that long, lines are
/// dropped and counted, without waiting, until it reads again. A line is never cut: what could not
/// be written of one goes out before the next. Not thread-safe.
class bounded_writer {
public:
  /// Does not own `fd`. Opens an own non-blocking description of it where that is possible, so that
  /// the flags of the shared one stay as they are.
  explicit bounded_writer(int fd,
                          std::chrono::milliseconds patience = std::chrono::milliseconds(100));
  ~bounded_writer();
  bounded_writer(const bounded_writer&) = delete;
  bounded_writer& operator=(const bounded_writer&) = delete;

  enum class outcome : std::uint8_t { written, dropped };

  /// Writes `line`, which ends in a newline.
  outcome write(std::string_view line);

  /// Lines dropped since the last call.
  std::uint64_t take_dropped();

private:
  enum class kind : std::uint8_t { plain, non_blocking, socket, polled };

  /// Writes as much as goes; the number of bytes taken.
  std::size_t push(std::string_view bytes);
  long write_some(std::string_view bytes) const;

  int fd_;
  int own_fd_ = -1;
  kind kind_ = kind::plain;
  std::chrono::milliseconds patience_;
  bool is_stalled_ = false;
  bool is_broken_ = false;
  std::uint64_t dropped_ = 0;
  std::string rest_; ///< the unwritten end of a line that was begun; at most one line
};

} // namespace roost
