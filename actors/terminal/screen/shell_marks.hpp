#pragma once

#include "actors/terminal/screen/screen.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace roost::terminal {

/// What a shell with integration told about itself: OSC 7, OSC 133 (FinalTerm) and OSC 633 (VS
/// Code).
struct shell_state {
  std::string cwd; ///< a path on this machine; empty when not known
  std::string title;
  bool has_marks = false; ///< the shell has sent 133 or 633
  bool at_prompt = false;
  bool is_running = false;  ///< a command was started and has not ended
  std::string command_line; ///< of the running command; empty when the shell did not say
  std::string last_command_line;
  std::optional<int> last_exit_status; ///< nothing when the shell did not say
  std::uint64_t commands = 0;          ///< commands that have ended
  std::uint64_t output_begin = 0;      ///< offset of the running or last command's output
  std::uint64_t output_end = 0;        ///< where the last command's output ended
};

/// Follows the events of a screen. Pure; owned by the terminal's actor.
///
/// A `D` without a command before it (an empty line, Ctrl-C at the prompt) does not count as one.
class shell_marks {
public:
  /// `host` is the machine's name: folders on other machines (a shell in ssh) are not taken.
  explicit shell_marks(std::string host = {}) : host_(std::move(host)) {}

  /// Takes one event. @returns whether the state changed.
  bool apply(const osc_event& event);
  [[nodiscard]] const shell_state& state() const { return state_; }
  /// The command line that the shell told and did not start yet.
  [[nodiscard]] const std::string& next_command() const { return next_command_; }
  /// Goes on from what another one knew.
  void restore(shell_state state, std::string next_command) {
    state_ = std::move(state);
    next_command_ = std::move(next_command);
  }

private:
  bool mark(char what, std::string_view rest, std::uint64_t offset);
  bool set_cwd(std::string path);

  std::string host_;
  shell_state state_;
  std::string next_command_; ///< told by 633;E before the command starts
};

/// The path of a `file://` URL, if its host is empty, `localhost` or `host` (any, if `host` is
/// empty). Nothing for other URLs and for bad escapes.
[[nodiscard]] std::optional<std::string> path_of_file_url(std::string_view url,
                                                          std::string_view host);

/// Undoes the escapes of OSC 633: `\\` and `\xHH`.
[[nodiscard]] std::string unescape_633(std::string_view text);

} // namespace roost::terminal
