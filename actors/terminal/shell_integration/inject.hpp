#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime/result.hpp"
#include "actors/terminal/pty/prepare.hpp"

namespace roost::terminal {

/// Changes `argv` and `env` of a bare bash, zsh or fish (no arguments but the name) so that the
/// shell reads the user's own startup files as always and then Roost's snippet. Anything else is
/// left alone: `bash -c …`, `sh`, `rbash`, a program. `executable` is the absolute path that will
/// be executed, `dir` where `install_shell_integration` put the snippets. In each case
/// `ROOST_SHELL_INTEGRATION` is set to `dir`, so that a nested shell's startup file can source a
/// snippet itself. Pure.
void integrate_shell(std::string_view executable, shell_start start, const std::string& dir,
                     std::vector<std::string>& argv, environment& env);

/// Writes the snippets, which are part of the program, into DATA_DIR/shell-integration (folders
/// 0700, files 0644), each file atomically and only if it differs. Call it at start, before any
/// session. Returns the folder. `data_dir` must exist. Blocks on the disk. Error:
/// data_dir_unusable.
result<std::string> install_shell_integration(const std::string& data_dir);

/// The same for sessions of other users, who cannot see the data dir: into FOLDER (0755), which
/// must be where only this user may make files, such as in /run for root.
result<std::string> install_public_shell_integration(const std::string& folder);

} // namespace roost::terminal
