#include "actors/terminal/terminal.hpp"

#include "actors/terminal/pty/pty.hpp"

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
  if (!pty_)
    return;
  // Nobody is left to read or to drive the program (SUP-8); its exit is still collected by pty_io.
  if (info_.state != session_state::exited)
    pty_->signal(SIGKILL);
  pty_->close();
}

void terminal_state::start(terminal_context context, session_info info,
                           const spawn_request& wanted) {
  context_ = std::move(context);
  info_ = std::move(info);
  log_ = log::logger(log::context{"terminal", 0, info_.id.value, {}});
  title_is_set_ = !info_.title.empty();

  auto surroundings = *context_.spawn;
  surroundings.identity.session_id = info_.id.value;
  auto prepared = prepare(wanted, surroundings);
  if (!prepared) {
    start_failure_ = std::move(prepared).error();
    return;
  }
  const auto& what = *prepared;
  auto started = spawn(what);
  if (!started) {
    start_failure_ = std::move(started).error();
    return;
  }
  has_started_ = true;
  history_ = std::make_unique<history>(
      context_.config.history,
      [this](std::uint64_t offset, const slice& bytes) { screen_->on_evict(offset, bytes); });
  screen_ = std::make_unique<screen_follower>(
      *history_, screen_config{what.size.cols, what.size.rows, context_.config.scrollback_lines});
  fan_out_ =
      std::make_unique<fan_out>(*history_, context_.config.window, context_.config.fan_out_rate,
                                static_cast<fan_out_sink&>(*this));
  life_ = lifecycle(context_.config.ladder, context_.config.drain);
  policy_ = size_policy(what.size, info_.size_policy);
  waits_ = wait_list(context_.config.max_waits);

  info_.pid = started->pid;
  info_.command = what.command;
  info_.cwd = what.cwd;
  info_.cols = what.size.cols;
  info_.rows = what.size.rows;
  if (!title_is_set_ && !what.command.empty())
    info_.title = what.command.front().substr(what.command.front().find_last_of('/') + 1);

  pty_ = pty_io::open(context_.place(), std::move(*started));
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  pty_->wait_exit([weak](exit_outcome how) {
    if (auto strong = caf::actor_cast<terminal_actor>(weak))
      caf::anon_send(strong, child_exited{how.status, how.signal});
  });
  follow(life_.on_spawned());
  last_output_ = now();
  log_.info("session started", log::kv("pid", info_.pid), log::kv("cols", info_.cols),
            log::kv("rows", info_.rows));
  wait_for_output();
}

void terminal_state::follow(const lifecycle_step& step) {
  if (step.signal && pty_)
    pty_->signal(*step.signal);
  if (step.wake_at)
    timers_.after(
        life_timer,
        std::max<std::chrono::nanoseconds>(*step.wake_at - now(), std::chrono::nanoseconds{0}),
        [this] { follow(life_.on_time(now())); });
  const bool moved = info_.state != life_.state();
  info_.state = life_.state();
  if (step.has_ended)
    finish();
  else if (moved)
    report();
}

void terminal_state::on_child_exited(const child_exited& x) {
  info_.exit_status = x.status;
  info_.signal = x.signal;
  pty_->release_tty();
  follow(life_.on_child_exit(now()));
}

void terminal_state::finish() {
  info_.exited_at = context_.clock->now_wall();
  input_ = {};
  input_done_ = 0;
  pty_->close();
  log_.info("session ended", log::kv("status", info_.exit_status.value_or(-1)),
            log::kv("signal", info_.signal.value_or(0)), log::kv("bytes", history_->end()));
  fan_out_->end(now());
  keep_pace();
  parse_some(screen_->backlog());
  answer_waits();
  report();
  if (is_quitting_)
    self_->quit(quit_reason_);
}

void terminal_state::report() {
  info_.offset = history_ ? history_->end() : 0;
  self_->send(context_.directory, session_changed{info_, live_offset_});
}

void terminal_state::on_report_to(const report_to& x) {
  context_.directory = x.directory;
  report();
}

void terminal_state::on_exit(const caf::error& reason) {
  if (!pty_ || info_.state == session_state::exited) {
    self_->quit(reason);
    return;
  }
  // The program gets its chance to end by itself; the supervisor bounds the wait, and then the
  // destructor ends it for good.
  is_quitting_ = true;
  quit_reason_ = reason;
  follow(life_.on_kill_requested(now()));
}

terminal_actor::behavior_type terminal(terminal_pointer self, terminal_context context,
                                       session_info info,
                                       std::shared_ptr<const spawn_request> wanted) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_viewer_down(x.source); });
  self->set_exit_handler([s](caf::exit_msg& x) { s->on_exit(x.reason); });
  s->start(std::move(context), std::move(info), *wanted);
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
      [s](const report_to& x) { s->on_report_to(x); },
      [s](const child_exited& x) { s->on_child_exited(x); },
  };
}

} // namespace roost::terminal
