#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "actors/runtime/result.hpp"
#include "actors/terminal/pty/environment.hpp"
#include "actors/terminal/pty/unique_fd.hpp"
#include "actors/terminal/terminal_size.hpp"

namespace roost::terminal {

/// Bounds of a command line. The kernel's own limits are larger (and depend on the stack's limit);
/// these also bound what a session costs in memory.
inline constexpr std::size_t max_arguments = 4096;
inline constexpr std::size_t max_command_bytes = 1024 * 1024;

/// How a shell that Roost chooses (an empty command) is started.
enum class shell_start : std::uint8_t {
  interactive, ///< as terminal emulators do: the environment is inherited, ~/.bashrc is read
  login        ///< as a console login does: ~/.profile, ~/.zprofile are read too
};

/// What a caller asks for. Sizes are wide so that an absurd one is refused and not truncated.
struct spawn_request {
  std::vector<std::string> command; ///< empty: the user's shell
  std::string cwd;                  ///< absolute, or "~", "~/…"; empty: the home folder
  std::vector<std::pair<std::string, std::string>> env;
  std::uint32_t cols = 80;
  std::uint32_t rows = 24;
};

/// What the server adds: the same for all sessions but for `identity.session_id`.
struct spawn_context {
  environment server; ///< the server's own environment
  user_record user;
  session_identity identity;
  std::vector<std::string>
      default_command; ///< `terminals.default_command`; empty: the user's shell
  shell_start start = shell_start::interactive;
  std::string integration_dir; ///< where install_shell_integration put the snippets; empty: off
};

/// Everything a spawn needs, checked. Only `prepare` makes sensible ones.
struct prepared_spawn {
  std::string executable;           ///< absolute path
  std::vector<std::string> argv;    ///< what the program gets
  std::vector<std::string> env;     ///< "NAME=value"
  std::string cwd;                  ///< absolute path
  std::vector<std::string> command; ///< what people are shown: the command without injected parts
  terminal_size size;
};

/// A running program with its terminal. Closing `master` hangs the program up; it does not reap it.
struct child {
  unique_fd master; ///< non-blocking, close-on-exec
  /// The other side, held so that a program that closes its terminal for a moment (or never opens
  /// it) does not look like the end of output. Close it when the program has exited: then, and only
  /// then, reading `master` ends with `pty_state::ended` once nobody else holds the terminal.
  unique_fd tty;
  unique_fd pidfd; ///< readable when the program has exited
  pid_t pid = -1;  ///< also its session and process group
  std::string tty_name;
};

/// Checks a request before anything is created: size, environment, folder, command (looked up in
/// the session's PATH, relative to its folder, as execvp would). Reads the file system, so it may
/// block on a dead network disk. Thread-safe. Errors, each with a detail that names the caller's
/// value: bad_size, bad_environment, bad_cwd, bad_command (empty, NUL, too long),
/// command_not_found, command_not_executable (also a folder, or a device).
result<prepared_spawn> prepare(const spawn_request& request, const spawn_context& context);

/// Opens a PTY and starts the program in a session of its own with the PTY as its controlling
/// terminal: signals and mask at their defaults, only descriptors 0, 1 and 2, the size and a sane
/// line discipline (UTF-8 aware erase) set before the program's first instruction. Blocks until the
/// program's exec (some hundred microseconds); no code of ours runs between fork and exec, so it is
/// safe in a threaded process. Thread-safe. A text file without `#!` is run by /bin/sh, as execvp
/// does. Errors: pty_exhausted, process_limit, the errors of `prepare` if the files changed in
/// between, spawn_failed. On an error nothing is left behind: no descriptor, no process.
result<child> spawn(const prepared_spawn& what);

} // namespace roost::terminal
