#pragma once

#include "actors/channel/transport/trouble.hpp"
#include "actors/runtime/result.hpp"
#include "actors/terminal/pty/unique_fd.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::channel {

/// What to run.
struct program {
  std::vector<std::string> command;     ///< not empty
  std::string folder;                   ///< its working folder; empty: the server's
  std::vector<std::string> environment; ///< NAME=value
};

/// The server's environment without what is meant for the server alone: its own settings and
/// tokens (ROOST_*), and what the service manager told it. Call it before threads may change it.
std::vector<std::string> helper_environment();

/// Where a program is, as `exec` takes it from within `folder`: a command with a '/' is itself, any
/// other is looked for in the absolute folders of the environment's PATH. Trouble: `unavailable`,
/// there is none, or it cannot be executed.
result<std::string, trouble> find_program(const program& what);

/// A program in a session and process group of its own, which the kernel kills when the thread that
/// started it ends: a thread of the io_context, so with the server. It gets the standard streams
/// alone, default signals, and no other descriptor. Once it ends by itself its group is killed, so
/// that nothing is left behind. Dropped while it runs: it is killed, and still reaped. Not
/// thread-safe: used on its executor.
class child_process {
public:
  /// The server's ends. Non-blocking, closed on exec.
  struct pipes {
    terminal::unique_fd in;
    terminal::unique_fd out;
    terminal::unique_fd err;
    terminal::unique_fd refusal; ///< for `read_refusal`
  };
  /// Whether the program itself has begun.
  enum class start_state : std::uint8_t { pending, running, refused };

  /// Starts it; does not wait for its `exec`. Trouble: `unavailable`, it cannot be found;
  /// `transport`, the server has no descriptors or processes left.
  static result<std::unique_ptr<child_process>, trouble>
  start(const boost::asio::any_io_executor& on, const program& what, pipes& ends);

  /// What became of the `exec`, from `pipes::refusal`; `why` is set when it was refused.
  static start_state read_refusal(int refusal, const program& what, trouble& why);

  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Calls once, on the executor, when it has been reaped: "exited with status 3", "was killed by
  /// signal 9". Not after this object is gone.
  void await_exit(std::function<void(std::string how)> done);
  /// Sends a signal to all of its group.
  void signal(int number) const;

  [[nodiscard]] pid_t pid() const { return pid_; }

private:
  struct watch;
  child_process(const boost::asio::any_io_executor& on, pid_t pid, terminal::unique_fd pidfd);

  pid_t pid_;
  std::shared_ptr<watch> watch_; ///< lives until the process is reaped
};

} // namespace roost::channel
