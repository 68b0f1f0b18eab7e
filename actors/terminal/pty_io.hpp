#pragma once

#include "actors/terminal/pty/pty.hpp"
#include "actors/terminal/pty/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace roost::terminal {

/// The master side of one program's PTY, on the io_context. Knows no actor. All methods are called
/// by one owner at a time (the terminal's actor); callbacks come on any thread of the io_context,
/// never from inside a call, and may come after `close`. The keeper holds the same PTY, so closing
/// this side ends nothing.
class pty_io : public std::enable_shared_from_this<pty_io> {
public:
  using ready_handler = std::function<void()>;

  /// Takes over a PTY's master side, which must be non-blocking.
  static std::shared_ptr<pty_io> open(boost::asio::io_context& io, unique_fd master);

  /// Calls once when there is something to read, its end included, or after `cancel_wait`. One at a
  /// time. A wait, and not a read: in the kernel a read that finds nothing first waits for the
  /// tty's worker, which costs more than the wait itself.
  void wait_readable(ready_handler done);
  /// Ends the waits that are under way.
  void cancel_wait();
  /// Moves the PTY to another io_context. Only while no wait is under way.
  void move_to(boost::asio::io_context& io);
  [[nodiscard]] bool lives_on(const boost::asio::io_context& io) const { return io_ == &io; }
  /// Calls once when the program may take input again, or after `cancel_wait`. One at a time.
  void wait_writable(ready_handler done);

  /// Reads what is there, without waiting.
  pty_transfer try_read(std::span<char> room);
  /// Writes what the kernel takes, without waiting.
  pty_transfer try_write(std::string_view bytes);

  [[nodiscard]] int master() const { return master_fd_; }

  /// Closes this side. Waits that are under way call back.
  void close();

private:
  pty_io(boost::asio::io_context& io, unique_fd master);

  boost::asio::io_context* io_;
  std::optional<boost::asio::posix::stream_descriptor> master_;
  int master_fd_;
};

} // namespace roost::terminal
