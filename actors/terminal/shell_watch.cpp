#include "actors/terminal/shell_watch.hpp"

namespace roost::terminal {

shell_memory shell_watch::save() const {
  return {marks_.state(), marks_.next_command(), is_entered_, applied_};
}

void shell_watch::restore(shell_memory from) {
  marks_.restore(std::move(from.state), std::move(from.next_command));
  is_entered_ = from.is_entered;
  restored_ = from.offset;
  applied_ = from.offset;
  show();
}

void shell_watch::show() {
  const auto& s = marks_.state();
  info_.cwd = s.cwd;
  info_.at_prompt = s.at_prompt;
  info_.running = s.is_running ? s.command_line : std::string{};
  info_.last_exit_status = s.last_exit_status;
  info_.commands = s.commands;
}

bool shell_watch::apply(const osc_event& event) {
  if (restored_ && event.offset <= *restored_)
    return false;
  applied_ = event.offset;
  const auto commands = marks_.state().commands;
  const bool changed = marks_.apply(event);
  const auto& s = marks_.state();
  // A prompt that comes up is the answer to whatever was entered, also to an empty line.
  const bool is_mark = event.kind == osc_kind::mark_133 || event.kind == osc_kind::mark_633;
  if (s.commands != commands || s.is_running || (is_mark && s.at_prompt))
    is_entered_ = false;
  if (changed)
    show();
  return changed;
}

void shell_watch::on_typed(std::string_view bytes) {
  if (marks_.state().at_prompt && bytes.find('\r') != std::string_view::npos)
    is_entered_ = true;
}

std::optional<output_span> shell_watch::last_output() const {
  const auto& s = marks_.state();
  if (s.commands == 0)
    return std::nullopt;
  return output_span{s.output_begin, s.output_end};
}

} // namespace roost::terminal
