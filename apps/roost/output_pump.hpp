#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace roost::cli {

/// Writes a session's output to a descriptor without ever blocking the thread, and tells up to
/// which offset everything is written. What waits here is bounded by the window that the server
/// grants, since only written bytes are acknowledged. Single-threaded.
class output_pump {
public:
  /// `fd` must be non-blocking on a description of its own; it stays the caller's. `on_written`
  /// hears the session's offset, `on_failed` comes once when the reader is gone.
  output_pump(boost::asio::io_context& io, int fd, std::function<void(std::uint64_t)> on_written,
              std::function<void()> on_failed);
  ~output_pump();
  output_pump(const output_pump&) = delete;
  output_pump& operator=(const output_pump&) = delete;

  /// Queues bytes. `end` is the session's offset after them, if they are of the session.
  void push(std::string bytes, std::optional<std::uint64_t> end);
  /// Calls `done` once all that is queued now is written (at once if nothing is).
  void when_empty(std::function<void()> done);
  [[nodiscard]] bool is_empty() const noexcept { return queue_.empty(); }
  /// Stops, without writing what is left.
  void stop();

private:
  struct segment {
    std::string bytes;
    std::optional<std::uint64_t> end;
  };
  void write();

  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void(std::uint64_t)> on_written_;
  std::function<void()> on_failed_;
  std::function<void()> when_empty_;
  std::deque<segment> queue_;
  bool is_writing_ = false;
};

/// A non-blocking descriptor of its own for the pipe or terminal that `fd` refers to; -1 for all
/// else (a file would get a second position, a socket cannot be reopened).
int reopen_for_writing(int fd);

} // namespace roost::cli
