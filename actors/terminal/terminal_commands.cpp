// What callers wait for on a terminal: conditions on its output, and the end of a command they
// typed.

#include "actors/terminal/screen/text_stream.hpp"
#include "actors/terminal/terminal.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace roost::terminal {

namespace {

// A shell that was just started needs this long at most until its first prompt; one without
// integration never shows one.
constexpr std::chrono::seconds first_prompt{3};
// What a command may have printed and still get its text back whole.
constexpr std::size_t most_output = std::size_t{1} << 20;

} // namespace

wait_facts terminal_state::facts() const {
  return {now(),         last_output_,           *history_,
          shell_.info(), shell_.is_integrated(), shell_.is_command_pending(),
          is_over(),     info_.exit_status};
}

caf::result<wait_result> terminal_state::on_wait(const wait_for& x) {
  parse_some(screen_->backlog()); // marks and titles up to now
  auto id = waits_.add(x, facts());
  if (!id)
    return to_caf(id.error());
  auto promise = self_->make_response_promise<wait_result>();
  wait_promises_[*id] = runtime::promise_guard<wait_result>(promise);
  answer_waits();
  return promise;
}

void terminal_state::answer_waits() {
  if (!waits_.is_empty())
    for (auto& [id, result] : waits_.check(facts())) {
      const auto at = wait_promises_.find(id);
      if (at == wait_promises_.end())
        continue;
      if (result)
        at->second.deliver(*std::move(result));
      else
        at->second.fail(result.error());
      wait_promises_.erase(at);
    }
  follow_command();
  arm_wait_timer();
}

void terminal_state::arm_wait_timer() {
  auto next = waits_.next_check(now(), last_output_);
  if (command_)
    next = next ? std::min(*next, command_->deadline) : command_->deadline;
  if (!next) {
    timers_.cancel(wait_timer);
    return;
  }
  const auto delay =
      std::max<std::chrono::nanoseconds>(*next - now(), std::chrono::milliseconds{1});
  timers_.after(wait_timer, delay, [this] {
    parse_some(screen_->backlog());
    answer_waits();
  });
}

caf::result<command_result> terminal_state::on_run(const run_command& x) {
  parse_some(screen_->backlog());
  if (is_over())
    return to_caf({terminal_error::session_ended, {}});
  // Between a command's end and the next prompt nothing runs: whoever sends one command after the
  // other gets there first, and only has to wait a moment.
  if (command_ || (shell_.is_integrated() && !shell_.info().running.empty()))
    return to_caf({terminal_error::command_running, shell_.info().running});
  auto promise = self_->make_response_promise<command_result>();
  command_.emplace();
  command_->promise = runtime::promise_guard<command_result>(promise);
  command_->text = x.text;
  command_->asked_at = now();
  command_->give_up = now() + x.timeout;
  command_->deadline = std::min(command_->give_up, now() + first_prompt);
  answer_waits();
  return promise;
}

void terminal_state::follow_command() {
  if (!command_)
    return;
  // Also of a program that has a next one: that knows nothing of the command.
  const bool has_ended = is_over() || life_.state() == session_state::exited;
  const auto fail = [this](terminal_error why) {
    command_->promise.fail({why, {}});
    command_.reset();
  };
  if (!command_->is_typed) {
    if (shell_.is_at_rest()) {
      command_->commands_before = shell_.info().commands;
      command_->is_typed = true;
      command_->typed_at = now();
      command_->deadline = command_->give_up;
      auto line = command_->text;
      // Several lines are one command: as pasted text, where the shell understands that.
      if (line.find('\n') != std::string::npos && screen_->current().bracketed_paste())
        line = "\x1b[200~" + line + "\x1b[201~";
      line += '\r';
      shell_.on_typed(line);
      if (auto taken = type(line); !taken) {
        command_->promise.fail(taken.error());
        command_.reset();
      }
    } else if (has_ended) {
      fail(terminal_error::session_ended);
    } else if (now() >= command_->deadline) {
      fail(shell_.is_integrated() ? terminal_error::command_running
                                  : terminal_error::no_shell_integration);
    }
    return;
  }
  const bool has_finished = shell_.info().commands > command_->commands_before;
  if (!has_finished && !has_ended && now() < command_->deadline)
    return;
  command_result result;
  result.finished = has_finished || has_ended;
  result.exit_status = has_finished ? shell_.info().last_exit_status : info_.exit_status;
  result.duration =
      std::chrono::duration_cast<std::chrono::milliseconds>(now() - command_->typed_at);
  if (const auto span = shell_.last_output(); has_finished && span) {
    const auto from = std::clamp(span->begin, history_->begin(), history_->end());
    const auto upto = std::clamp(span->end, from, history_->end());
    const auto begin = upto - from > most_output ? upto - most_output : from;
    result.truncated = begin > span->begin;
    result.output = plain_text(begin, upto);
  }
  command_->promise.deliver(std::move(result));
  command_.reset();
}

std::string terminal_state::plain_text(std::uint64_t begin, std::uint64_t end) const {
  text_stream plain;
  std::string text;
  for (const auto& piece : history_->read(begin, end - begin)) {
    plain.feed(piece.view());
    text += plain.take();
  }
  text += plain.line();
  return text;
}

} // namespace roost::terminal
