#pragma once

#include "actors/terminal/screen/shell_marks.hpp"
#include "protocols/session_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace roost::terminal {

/// Offsets of a command's output.
struct output_span {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// What a later server must know to go on with a shell_watch.
struct shell_memory {
  shell_state state;
  std::string next_command; ///< told before the command began
  bool is_entered = false;
  std::uint64_t offset = 0; ///< of the last event that is part of this
};

/// What the shell says of itself (shell_marks) together with what was typed to it: between Enter at
/// a prompt and the shell's report that the command began there is a moment in which only the
/// typing tells that something runs. Pure; owned by the terminal's actor.
class shell_watch {
public:
  explicit shell_watch(std::string host = {}) : marks_(std::move(host)) {}

  /// Everything, to go on with in another process.
  [[nodiscard]] shell_memory save() const;
  /// Goes on from there: events up to its offset are not applied again.
  void restore(shell_memory from);

  /// Takes an event of the screen. @returns whether something that is shown has changed.
  bool apply(const osc_event& event);
  /// Bytes were typed, by whoever.
  void on_typed(std::string_view bytes);

  [[nodiscard]] const shell_info& info() const { return info_; }
  [[nodiscard]] const std::string& title() const { return marks_.state().title; }
  /// The shell reports its prompts and commands.
  [[nodiscard]] bool is_integrated() const { return marks_.state().has_marks; }
  /// Something was entered and has not come back to a prompt yet.
  [[nodiscard]] bool is_command_pending() const { return is_entered_ || marks_.state().is_running; }
  /// At a prompt with nothing entered: the moment to type a command.
  [[nodiscard]] bool is_at_rest() const {
    return marks_.state().at_prompt && !is_command_pending();
  }
  /// Where the last command's output is, once one has ended.
  [[nodiscard]] std::optional<output_span> last_output() const;

private:
  void show();

  shell_marks marks_;
  shell_info info_;
  bool is_entered_ = false;
  std::optional<std::uint64_t> restored_; ///< events up to here were applied by an earlier process
  std::uint64_t applied_ = 0;             ///< the last event's offset
};

} // namespace roost::terminal
