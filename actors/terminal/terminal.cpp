#include "actors/terminal/terminal.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <csignal>

namespace roost::terminal {

terminal_state::terminal_state(terminal_pointer self)
    : self_(self), live_offset_(std::make_shared<std::atomic<std::uint64_t>>(0)), timers_(self) {}

terminal_state::~terminal_state() {
  note_memory(0);
  if (pty_)
    pty_->close();
}

void terminal_state::start(terminal_context context, terminal_task task) {
  context_ = std::move(context);
  info_ = std::move(task.info);
  log_ = log::logger(log::context{"terminal", 0, info_.id.value, {}});
  title_is_set_ = !info_.title.empty();
  life_ = lifecycle(context_.config.ladder, context_.config.drain);
  waits_ = wait_list(context_.config.max_waits);
  plan_ = restart_plan(context_.config.restart);
  if (task.kept)
    return adopt(std::move(*task.kept));
  note_wish({task.start->command, task.start->cwd, task.start->env});
  if (auto possible = check_restart(info_.restart.policy); !possible)
    start_failed(possible.error());
  else
    start_program(*task.start);
}

void terminal_state::follow(const lifecycle_step& step) {
  if (step.signal == SIGKILL)
    self_->send(context_.keeper.get(), end_program{info_.id});
  else if (step.signal)
    self_->send(context_.keeper.get(), signal_program{info_.id, *step.signal});
  if (step.wake_at)
    timers_.after(
        life_timer,
        std::max<std::chrono::nanoseconds>(*step.wake_at - now(), std::chrono::nanoseconds{0}),
        [this] { follow(life_.on_time(now())); });
  const bool moved = info_.state != life_.state();
  info_.state = life_.state();
  if (step.has_ended && !goes_on())
    finish();
  else if (moved && !step.has_ended)
    report();
}

void terminal_state::on_child_exited(const child_exited& x) {
  if (is_between_)
    return; // told once more of the program before
  info_.exit_status = x.status;
  info_.signal = x.signal;
  follow(life_.on_child_exit(now()));
}

void terminal_state::on_tree_emptied() {
  if (!is_between_)
    follow(life_.on_tree_empty(now()));
}

void terminal_state::on_program_lost() {
  if (!has_started_)
    return; // the start fails by itself
  if (is_between_) {
    stop_waiting();
    return follow(life_.on_lost());
  }
  if (info_.exit_status || info_.signal) // how it ended is known; what it left behind is gone
    follow(life_.on_tree_empty(now()));
  else
    follow(life_.on_lost());
}

void terminal_state::finish() {
  info_.exited_at = context_.clock->now_wall();
  input_ = {};
  input_done_ = 0;
  if (pty_)
    pty_->close();
  if (info_.state == session_state::lost)
    log_.error("session lost: its keeper has ended, or serves another server",
               log::kv("bytes", history_->end()));
  else
    log_.info("session ended", log::kv("status", info_.exit_status.value_or(-1)),
              log::kv("signal", info_.signal.value_or(0)), log::kv("bytes", history_->end()));
  fan_out_->end(now());
  keep_pace();
  parse_some(screen_->backlog());
  answer_waits();
  answer_tail();
  report();
}

void terminal_state::report() {
  info_.offset = history_ ? history_->end() : 0;
  save_note();
  self_->send(context_.directory, session_changed{info_, live_offset_});
}

void terminal_state::on_report_to(const report_to& x) {
  context_.directory = x.directory;
  report();
}

void terminal_state::on_exit(const caf::error& reason) {
  // The program lives on with the keeper; the next terminal shows what this one did.
  if (pty_ && memory_ && !is_over()) {
    if (screen_->exists()) {
      parse_some(screen_->backlog());
      take_checkpoint(checkpoint_depth::full);
    }
    save_note();
  }
  self_->quit(reason);
}

terminal_actor::behavior_type terminal(terminal_pointer self, terminal_context context,
                                       terminal_task task) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_viewer_down(x.source); });
  self->set_exit_handler([s](caf::exit_msg& x) { s->on_exit(x.reason); });
  s->start(std::move(context), std::move(task));
  // CAF tries them in this order, so what comes with every key and piece of output is first.
  return {
      [s](pty_readable) { s->on_readable(); },
      [s](const input& x) { s->on_input(x); },
      [s](const ack& x) { s->on_ack(x); },
      [s](const timer_fired& x) { s->on_timer(x); },
      [s](pty_writable) { s->on_writable(); },
      [s](const attach& x, const viewer_actor& who) { return s->on_attach(x, who); },
      [s](const detach& x) { s->on_detach(x); },
      [s](const viewer_resize& x) { s->on_viewer_resize(x); },
      [s](const take_control& x) { s->on_take_control(x); },
      [s](const refresh& x) { s->on_refresh(x); },
      [s](const shed_viewer& x) { s->on_shed(x); },
      [s](describe_session) { return s->on_describe(); },
      [s](const update_session& x) { return s->on_update(x); },
      [s](const resize_session& x) { return s->on_resize(x); },
      [s](const kill_session& x) { return s->on_kill(x); },
      [s](const send_input& x) { return s->on_send(x); },
      [s](const run_command& x) { return s->on_run(x); },
      [s](const wait_for& x) { return s->on_wait(x); },
      [s](const read_screen& x) { return s->on_read_screen(x); },
      [s](const read_output& x) { return s->on_read_output(x); },
      [s](const tail_output& x) { return s->on_tail(x); },
      [s](const report_to& x) { s->on_report_to(x); },
      [s](const child_exited& x) { s->on_child_exited(x); },
      [s](tree_emptied) { s->on_tree_emptied(); },
      [s](program_lost) { s->on_program_lost(); },
  };
}

} // namespace roost::terminal
