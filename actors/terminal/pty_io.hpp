#pragma once

#include "actors/terminal/pty/pty.hpp"
#include "actors/terminal/pty/spawn.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <sys/types.h>

namespace roost::terminal {

/// The descriptors of one running program, on the io_context: the PTY's master side and a pidfd.
/// Knows no actor. All methods are called by one owner at a time (the terminal's actor); callbacks
/// come on any thread of the io_context, never from inside a call, and may come after `close`. The
/// program's exit is always collected, even when the owner is gone: no zombie outlives its
/// program's end.
class pty_io : public std::enable_shared_from_this<pty_io> {
public:
  using ready_handler = std::function<void()>;
  using exit_handler = std::function<void(exit_outcome)>;

  /// Takes over a program that was just started.
  static std::shared_ptr<pty_io> open(boost::asio::io_context& io, child program);

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
  /// Calls once when the program has ended. Called once, right after `open`.
  void wait_exit(exit_handler done);

  /// Reads what is there, without waiting.
  pty_transfer try_read(std::span<char> room);
  /// Writes what the kernel takes, without waiting.
  pty_transfer try_write(std::string_view bytes);

  /// The program has exited: lets go of the program's side of the terminal, so that output ends
  /// when nobody else holds it.
  void release_tty() { tty_.reset(); }
  /// Sends a signal to the session, while its leader was not collected yet or after.
  void signal(int number);

  [[nodiscard]] int master() const { return master_fd_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Closes the PTY: the kernel sends SIGHUP to the session. Waits that are under way call back.
  void close();

private:
  pty_io(boost::asio::io_context& io, child program);

  boost::asio::io_context* io_;
  std::optional<boost::asio::posix::stream_descriptor> master_;
  boost::asio::posix::stream_descriptor pidfd_;
  unique_fd tty_;
  int master_fd_;
  pid_t pid_;
  std::atomic<leader_state> leader_{leader_state::alive};
};

} // namespace roost::terminal
