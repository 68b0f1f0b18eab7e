#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

/// How the load client talks to each contestant. One blocking socket or PTY per viewer and plain
/// POSIX calls, so that the client takes as little as possible of the machine it measures on.
namespace roost::bench {

/// Who is measured, and where it listens.
struct target {
  std::string kind; ///< raw, relay, node, terminado, tmux or roost
  std::uint16_t port = 0;
  std::string token;       ///< roost's bearer token
  std::string agent;       ///< path of the program that runs in every terminal
  std::string tmux_socket; ///< name for `tmux -L`
  pid_t server = 0;        ///< 0: this process itself does the work (raw)

  /// Whether a terminal outlives its viewer and can have several.
  bool has_shared_terminals() const;
};

enum class pump_result : std::uint8_t { output, idle, closed };

/// One attached viewer. Used by one thread at a time.
class link {
public:
  using sink = std::function<void(std::string_view)>;

  virtual ~link() = default;
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  /// Waits at most `wait_ms` (-1: without limit), reads once and hands the program's output to
  /// `out`.
  virtual pump_result pump(int wait_ms, const sink& out) = 0;

  /// Types.
  virtual void send(std::string_view input) = 0;

  virtual int fd() const = 0;

  /// Roost only: whether what is read is acknowledged.
  virtual void acknowledge(bool) {}

  /// Roost only: how many snapshots came in place of bytes, the one of the first attach included.
  virtual std::uint64_t snapshots() const { return 0; }

protected:
  link() = default;
};

/// Starts a terminal and returns its name, "" where the terminal comes with the connection.
/// Throws std::runtime_error with what went wrong, as every function here does.
std::string create_terminal(const target& to);

/// Attaches to a terminal, or starts one where `name` is "".
std::unique_ptr<link> attach(const target& to, const std::string& name);

/// Ends a terminal that outlives its viewers.
void end_terminal(const target& to, const std::string& name);

/// Finds what the agent says in a stream that arrives in pieces.
class agent_ear {
public:
  /// True from the piece on that completes `needle` and the "]]" behind it.
  bool hear(std::string_view piece);

  /// Starts to listen for something else.
  void listen_for(std::string needle);

  std::uint64_t bytes_before() const { return start_; } ///< stream bytes before the needle
  std::int64_t program_us() const { return us_; }
  std::uint64_t program_bytes() const { return bytes_; }
  const std::string& text() const { return text_; } ///< the whole mark, with its numbers

private:
  std::string needle_ = "[[bench-ready]]";
  std::string carry_;
  std::string text_;
  std::uint64_t seen_ = 0;
  std::uint64_t start_ = 0;
  std::int64_t us_ = 0;
  std::uint64_t bytes_ = 0;
};

/// The DEC private modes that a stream of escape sequences sets (true) or resets (false) in the
/// end.
std::map<int, bool> private_modes(std::string_view stream);

} // namespace roost::bench
