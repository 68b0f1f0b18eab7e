#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "actors/runtime/result.hpp"
#include "actors/terminal/pty/environment.hpp"
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

/// What the server adds: the same for all sessions of a user but for `identity.session_id`.
struct spawn_context {
  environment server; ///< the server's own environment
  user_record user;   ///< that the session runs as
  session_identity identity;
  std::vector<std::string>
      default_command; ///< `terminals.default_command`; empty: the user's shell
  shell_start start = shell_start::interactive;
  std::string integration_dir; ///< where install_shell_integration put the snippets; empty: off
  /// The same where any user can read them; empty: off.
  std::string public_integration_dir;
};

/// The surroundings of a session of another user, which begins as a login does: a login shell, in
/// an environment that has nothing of the server's user. Pure.
spawn_context for_user(const spawn_context& server, const user_record& who);

/// Everything that is needed to start a program, checked. Only `prepare` makes sensible ones.
struct prepared_spawn {
  std::string executable;           ///< absolute path
  std::vector<std::string> argv;    ///< what the program gets
  std::vector<std::string> env;     ///< "NAME=value"
  std::string cwd;                  ///< absolute path
  std::vector<std::string> command; ///< what people are shown: the command without injected parts
  terminal_size size;
};

/// Checks a request before anything is created: size, environment, folder, command (looked up in
/// the session's PATH, relative to its folder, as execvp would). Reads the file system, so it may
/// block on a dead network disk. Thread-safe. Errors, each with a detail that names the caller's
/// value: bad_size, bad_environment, bad_cwd, bad_command (empty, NUL, too long),
/// command_not_found, command_not_executable (also a folder, or a device).
result<prepared_spawn> prepare(const spawn_request& request, const spawn_context& context);

} // namespace roost::terminal
