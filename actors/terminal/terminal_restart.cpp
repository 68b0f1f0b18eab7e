// What happens between the programs of a session: whether there is a next one, the wait for it, and
// its start in the same history, before the same viewers.

#include "actors/terminal/terminal.hpp"

#include "actors/runtime/random.hpp"
#include "actors/runtime/text_escape.hpp"
#include "actors/terminal/pty/pty.hpp"
#include "actors/terminal/seam.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace roost::terminal {

namespace {

using std::chrono::nanoseconds;

std::string how_it_ended(std::optional<int> status, std::optional<int> signal) {
  if (signal)
    if (const auto* const name = ::sigabbrev_np(*signal))
      return fmt::format("ended by SIG{}", name);
  if (signal)
    return fmt::format("ended by signal {}", *signal);
  return status ? fmt::format("exited with status {}", *status) : std::string("ended");
}

std::string seconds(nanoseconds wait) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(wait).count());
}

} // namespace

result<void> terminal_state::check_restart(restart_policy policy) const {
  if (policy == restart_policy::never)
    return {};
  if (!wish_)
    return failure{
        terminal_error::bad_command,
        "the command and its variables are too long to be kept for a restart; most are 24 KiB "
        "together. Put them into a script"};
  if (!context_.board->can_start_again)
    return failure{
        terminal_error::spawn_failed,
        "the keeper that runs is of an older version and starts no program again; it ends by "
        "itself when it has no session and no server any more"};
  return {};
}

void terminal_state::note_wish(program_wish wish) {
  if (fits_note(wish))
    wish_ = std::move(wish);
}

bool terminal_state::goes_on() {
  if (info_.state != session_state::exited || life_.is_kill_requested() || !wish_)
    return false;
  const bool has_failed = info_.signal || info_.exit_status.value_or(-1) != 0;
  const auto ran_for =
      std::max<nanoseconds>(context_.clock->now_wall() - program_started_, nanoseconds{0});
  const auto wait = plan_.next(info_.restart.policy, has_failed, ran_for, os_random::instance());
  info_.restart.has_given_up = plan_.has_given_up();
  if (!wait) {
    if (plan_.has_given_up())
      log_.warn("program is not started again: it has ended too often",
                log::kv("in_row", plan_.in_row()));
    return false;
  }
  if (!context_.board->can_start_again) {
    log_.warn("program is not started again: the keeper is of an older version");
    return false;
  }
  info_.restart.last_exit_status = info_.exit_status;
  info_.restart.last_signal = info_.signal;
  info_.state = session_state::starting; // who waits for the session's end waits on
  parse_some(screen_->backlog());
  follow_command(); // what was typed into the program that ended has its answer
  write_seam(how_it_ended(info_.exit_status, info_.signal) + "; starts again in " + seconds(*wait));
  leave_program();
  await_next(*wait);
  return true;
}

void terminal_state::write_seam(const std::string& text) {
  parse_some(screen_->backlog()); // what is on the screen at the end of it all
  history_->append(seam_reset(screen_->current().alternate()));
  const auto& shown = screen_->current(); // by now the normal screen, with the cursor it had there
  seam_place place{shown.cursor().row, shown.cursor().col, shown.rows() - 1};
  while (place.last_row >= 0 && shown.line_text(place.last_row).empty())
    --place.last_row;
  history_->append(seam_line(place, text));
  publish();
}

void terminal_state::leave_program() {
  is_between_ = true;
  info_.exit_status.reset();
  info_.signal.reset();
  ended_pid_ = std::exchange(info_.pid, 0);
  info_.warden = 0;
  input_ = {};
  input_done_ = 0;
  has_output_ended_ = true;
  pty_->close();
  life_ = lifecycle(context_.config.ladder, context_.config.drain);
  info_.state = life_.state();
  // The next program's shell has said nothing yet.
  shell_ = shell_watch{};
  shell_.restore({{}, {}, false, history_->end()});
  info_.shell = shell_.info();
}

void terminal_state::await_next(nanoseconds wait) {
  is_next_asked_ = false;
  info_.restart.next_at =
      context_.clock->now_wall() + std::chrono::duration_cast<wall_time::duration>(wait);
  timers_.after(restart_timer, wait, [this] {
    is_next_asked_ = true;
    start_program({wish_->command, wish_->cwd, wish_->env, info_.cols, info_.rows});
  });
  log_.info("program is started again", log::kv("in_ms", wait / std::chrono::milliseconds{1}),
            log::kv("in_row", plan_.in_row()));
  report();
}

void terminal_state::begin_next(kept_program program, terminal_size size) {
  is_between_ = false;
  is_next_asked_ = false;
  ++info_.restart.count;
  info_.restart.next_at.reset();
  has_output_ended_ = false;
  open_terminal(program);
  if (const terminal_size present{info_.cols, info_.rows}; !(present == size))
    if (const auto set = set_size(pty_->master(), present); !set)
      log_.debug("size not set: the terminal is gone");
  log_.info("session's next program started", log::kv("pid", info_.pid),
            log::kv("count", info_.restart.count));
  follow(life_.on_spawned());
  if (is_kill_wanted_)
    follow(life_.on_kill_requested(now()));
  wait_for_output();
}

void terminal_state::next_failed(const failure& why) {
  is_next_asked_ = false;
  std::string text(describe(why).name);
  if (!why.detail.empty())
    text += ": " + why.detail;
  std::string shown;
  append_visible(shown, text);
  const auto wait = is_kill_wanted_ ? std::nullopt
                                    : plan_.next(info_.restart.policy, true, nanoseconds{0},
                                                 os_random::instance());
  info_.restart.has_given_up = plan_.has_given_up();
  log_.warn("session's next program could not be started", log::kv("why", text));
  if (!wait) {
    write_seam("cannot be started again: " + shown);
    return end_between();
  }
  write_seam("cannot be started again: " + shown + "; tries again in " + seconds(*wait));
  await_next(*wait);
}

void terminal_state::stop_waiting() {
  timers_.cancel(restart_timer);
  is_between_ = false;
  info_.restart.next_at.reset();
  info_.exit_status = info_.restart.last_exit_status;
  info_.signal = info_.restart.last_signal;
}

void terminal_state::end_between() {
  stop_waiting();
  life_.on_spawn_failed();
  info_.state = life_.state();
  finish();
}

void terminal_state::ask_to_end(bool at_once) {
  if (!is_between_)
    return follow(at_once ? life_.on_kill_now(now()) : life_.on_kill_requested(now()));
  is_kill_wanted_ = true; // also for a program that is being started at this moment
  if (is_next_asked_)
    save_note();
  else
    end_between();
}

void terminal_state::go_on_between(const kept_program& program) {
  info_.restart.last_signal = program.signal != 0 ? std::optional(program.signal) : std::nullopt;
  info_.restart.last_exit_status =
      program.signal == 0 && program.status >= 0 ? std::optional(program.status) : std::nullopt;
  const auto left = *info_.restart.next_at - context_.clock->now_wall();
  leave_program();
  await_next(std::clamp<nanoseconds>(left, nanoseconds{0}, plan_.longest_wait()));
}

} // namespace roost::terminal
