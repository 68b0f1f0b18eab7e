#include "actors/terminal/terminal.hpp"

#include "actors/terminal/keys.hpp"
#include "actors/terminal/pty/pty.hpp"
#include "actors/terminal/query_reply.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <csignal>

namespace roost::terminal {

namespace {

// A flood is read for this long before others get their turn (architecture, decision 2).
constexpr std::chrono::microseconds read_slice{150};
// A read shorter than this was all there was: looking again at once would only cost a system call.
constexpr std::size_t short_read = 1024;
// Output is parsed this long after it came, so that titles and lists are live and a flood is not
// parsed while it flows.
constexpr std::chrono::milliseconds parse_delay{20};
// What one parse step takes at most, so that a neighbour's echo never waits for it.
constexpr std::uint64_t parse_step = std::uint64_t{64} << 10;
// With more than this waiting, parsing waits for a pause in the output.
constexpr std::uint64_t parse_when_quiet = std::uint64_t{256} << 10;
constexpr std::chrono::milliseconds quiet{100};
// A viewer that fell behind in a flood gets a snapshot of at most this age, or ten times what
// making one costs: fifty such viewers must not make the server do nothing else.
constexpr std::chrono::milliseconds snapshot_age{100};
constexpr std::size_t max_title = 256;

wire::snapshot_reason reason_for(const attach& x, const std::string& epoch) {
  if (!x.since)
    return wire::snapshot_reason::first_attach;
  return x.since->epoch == epoch ? wire::snapshot_reason::delta_gone
                                 : wire::snapshot_reason::epoch_changed;
}

} // namespace

terminal_state::terminal_state(terminal_pointer self)
    : self_(self), live_offset_(std::make_shared<std::atomic<std::uint64_t>>(0)), timers_(self) {}

terminal_state::~terminal_state() {
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
  life_ = lifecycle(context_.config.ladder, context_.config.drain);
  policy_ = size_policy(what.size, info_.size_policy);

  info_.pid = started->pid;
  info_.command = what.command;
  info_.cwd = what.cwd;
  info_.cols = what.size.cols;
  info_.rows = what.size.rows;
  if (!title_is_set_ && !what.command.empty())
    info_.title = what.command.front().substr(what.command.front().find_last_of('/') + 1);

  pty_ = pty_io::open(*context_.io, std::move(*started));
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  pty_->wait_exit([weak](exit_outcome how) {
    if (auto strong = caf::actor_cast<terminal_actor>(weak))
      caf::anon_send(strong, child_exited{how.status, how.signal});
  });
  follow(life_.on_spawned());
  last_output_ = now();
  log_.info("session started", log::kv("pid", info_.pid), log::kv("cols", info_.cols),
            log::kv("rows", info_.rows));
  start_read();
}

// ---- viewers ----

terminal_state::viewer* terminal_state::find(const viewer_id& id) {
  const auto at =
      std::find_if(viewers_.begin(), viewers_.end(), [&](const viewer& v) { return v.id == id; });
  return at == viewers_.end() ? nullptr : &*at;
}

caf::result<attached> terminal_state::on_attach(const attach& x, const viewer_actor& who) {
  if (!is_valid_size(x.cols, x.rows))
    return to_caf({terminal_error::bad_size, fmt::format("{}x{}", x.cols, x.rows)});
  if (find(x.viewer) != nullptr)
    return to_caf({request_error::stream_in_use, std::to_string(x.viewer.stream)});
  if (viewers_.size() >= context_.config.max_viewers)
    return to_caf({terminal_error::too_many_viewers, {}});

  const auto live = history_->end();
  const bool delta = x.since && x.since->epoch == info_.epoch && history_->holds(x.since->offset);
  viewers_.push_back({x.viewer, next_key_++, who, x.mode,
                      viewer_cursor(context_.config.window, delta ? x.since->offset : live),
                      now()});
  self_->monitor(who);
  info_.viewers = static_cast<std::uint32_t>(viewers_.size());
  // Queries in what was not parsed yet were the server's to answer until now; `apply` moves that
  // boundary to this offset when the viewer becomes the holder.
  apply(policy_.attach(viewers_.back().key, x.mode, {x.cols, x.rows}));
  resume_if_paused(); // with several viewers nobody is waited for

  auto& v = viewers_.back();
  attached answer;
  answer.epoch = info_.epoch;
  answer.offset = v.cursor.sent();
  answer.live_offset = live;
  answer.delta = delta;
  answer.mode = x.mode;
  answer.cols = info_.cols;
  answer.rows = info_.rows;
  answer.holder = info_.holder;
  if (!delta) {
    v.wants_snapshot = true;
    v.snapshot_reason = reason_for(x, info_.epoch);
    answer.reason = v.snapshot_reason;
  }
  // The answer must be on its way before the first output: the same sender's messages keep order.
  auto promise = self_->make_response_promise<attached>();
  promise.deliver(std::move(answer));
  pump(v);
  report();
  return promise;
}

void terminal_state::remove_viewer(std::size_t index) {
  const auto key = viewers_[index].key;
  viewers_.erase(viewers_.begin() + static_cast<std::ptrdiff_t>(index));
  info_.viewers = static_cast<std::uint32_t>(viewers_.size());
  apply(policy_.detach(key));
  resume_if_paused();
  report();
}

void terminal_state::on_detach(const detach& x) {
  if (const auto* v = find(x.viewer))
    remove_viewer(static_cast<std::size_t>(v - viewers_.data()));
}

void terminal_state::on_viewer_down(const caf::actor_addr& who) {
  for (std::size_t i = viewers_.size(); i-- > 0;)
    if (viewers_[i].actor.address() == who)
      remove_viewer(i);
}

void terminal_state::on_ack(const ack& x) {
  auto* v = find(x.viewer);
  if (v == nullptr || !v->cursor.on_ack(x.offset))
    return;
  v->last_progress = now();
  pump(*v);
  resume_if_paused();
}

void terminal_state::on_viewer_resize(const viewer_resize& x) {
  if (const auto* v = find(x.viewer); v != nullptr && is_valid_size(x.cols, x.rows))
    apply(policy_.resize(v->key, {x.cols, x.rows}));
}

void terminal_state::on_take_control(const take_control& x) {
  auto* v = find(x.viewer);
  if (v == nullptr)
    return;
  v->mode = viewer_mode::control;
  apply(policy_.take_control(v->key));
}

void terminal_state::on_refresh(const refresh& x) {
  auto* v = find(x.viewer);
  if (v == nullptr)
    return;
  v->wants_snapshot = true;
  v->snapshot_reason = wire::snapshot_reason::refresh;
  pump(*v);
}

void terminal_state::on_input(const input& x) {
  const auto* v = find(x.viewer);
  if (v == nullptr)
    return;
  if (v->mode == viewer_mode::view) {
    self_->send(v->actor, input_refused{x.viewer.stream, {request_error::view_only, {}}});
    return;
  }
  const auto origin = origin_of(x.bytes);
  if (origin == input_origin::terminal && info_.holder != x.viewer)
    return; // only the holder's terminal answers queries; the others' answers would be typed
  if (auto taken = type(x.bytes); !taken) {
    self_->send(v->actor, input_refused{x.viewer.stream, taken.error()});
    return;
  }
  if (origin == input_origin::person)
    apply(policy_.typed(v->key));
}

// ---- output ----

void terminal_state::start_read() {
  if (is_reading_ || has_output_ended_)
    return;
  is_reading_ = true;
  const auto room = history_->prepare();
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  pty_->start_read(room, history_->writable_owner(), [weak](std::size_t bytes, bool ended) {
    if (auto strong = caf::actor_cast<terminal_actor>(weak))
      caf::anon_send(strong, pty_readable{bytes, ended});
  });
}

void terminal_state::on_readable(const pty_readable& x) {
  is_reading_ = false;
  history_->commit(x.bytes);
  has_output_ended_ = x.ended;
  if (x.bytes >= short_read && !has_output_ended_)
    read_more();
  publish();
  if (has_output_ended_)
    follow(life_.on_output_end(now()));
  else if (should_pause())
    is_paused_ = true;
  else
    start_read();
}

void terminal_state::read_more() {
  const auto stop = now() + read_slice;
  do {
    const auto got = pty_->try_read(history_->prepare());
    history_->commit(got.bytes);
    if (got.state == pty_state::ended)
      has_output_ended_ = true;
    if (got.state != pty_state::open)
      return;
  } while (now() < stop);
}

void terminal_state::publish() {
  if (history_->end() == published_)
    return;
  published_ = history_->end();
  live_offset_->store(published_, std::memory_order_relaxed);
  last_output_ = now();
  for (auto& v : viewers_)
    pump(v);
  // With nobody at the keyboard the server's screen answers the program's queries, and soon.
  if (!info_.holder || !waits_.is_empty())
    parse_some(parse_step);
  if (!waits_.is_empty())
    answer_waits();
  schedule_parse();
}

void terminal_state::pump(viewer& v) {
  if (!history_->holds(v.cursor.sent()) && !v.wants_snapshot) {
    v.wants_snapshot = true;
    v.snapshot_reason = wire::snapshot_reason::fell_behind;
  }
  // A viewer that is resynced has caught up first, so that the snapshot is not stale on arrival;
  // one that has just come, or asks, gets it at once.
  if (v.wants_snapshot && (v.snapshot_reason != wire::snapshot_reason::fell_behind ||
                           v.cursor.outstanding() <= context_.config.window / 2))
    send_snapshot(v);
  while (!v.wants_snapshot && v.cursor.credit() > 0 && v.cursor.sent() < history_->end()) {
    auto piece = history_->at(v.cursor.sent(), static_cast<std::size_t>(v.cursor.credit()));
    const auto offset = v.cursor.sent();
    v.cursor.on_sent(piece.size);
    self_->send(v.actor, output{v.id.stream, offset, std::move(piece)});
  }
  const auto behind = history_->end() - std::min(v.cursor.sent(), history_->end());
  if (behind > 0 && !v.was_told_of_lag && v.cursor.credit() == 0) {
    v.was_told_of_lag = true;
    self_->send(v.actor, viewer_lag{v.id.stream, behind});
  } else if (behind == 0) {
    if (v.was_told_of_lag) {
      v.was_told_of_lag = false;
      self_->send(v.actor, viewer_lag{v.id.stream, 0});
    }
    if (info_.state == session_state::exited)
      tell_exit(v);
  }
}

snapshot_options terminal_state::snapshot_bounds() const {
  // Half a window, so that live output can follow before the client has acked the snapshot.
  return {context_.config.scrollback_lines, static_cast<std::size_t>(context_.config.window / 2)};
}

void terminal_state::send_snapshot(viewer& v) {
  auto shot = v.snapshot_reason == wire::snapshot_reason::fell_behind &&
                      now() - snapshot_made_ <
                          std::max<std::chrono::nanoseconds>(snapshot_age, 10 * snapshot_cost_)
                  ? screen_->last_snapshot()
                  : screen_follower::snapshot{};
  if (!shot.bytes) {
    const auto began = now();
    shot = screen_->take_snapshot(snapshot_bounds());
    use_events();
    snapshot_made_ = now();
    snapshot_cost_ = snapshot_made_ - began;
  }
  v.wants_snapshot = false;
  v.cursor.on_snapshot(shot.offset, shot.bytes->size());
  if (v.snapshot_reason == wire::snapshot_reason::fell_behind)
    log_.debug("viewer fell behind, sending a snapshot",
               log::kv("viewer", to_string(v.id.connection)));
  self_->send(v.actor, snapshot{v.id.stream, shot.offset, v.snapshot_reason, shot.bytes});
}

bool terminal_state::should_pause() {
  // A lone person's scrollback stays complete if the program waits a little for the screen; a
  // viewer that makes no progress for the limit no longer counts, and with several nobody is waited
  // for.
  if (viewers_.size() != 1)
    return false;
  const auto& v = viewers_.front();
  if (v.mode != viewer_mode::control || v.cursor.credit() > 0 || v.wants_snapshot)
    return false;
  const auto waited = now() - v.last_progress;
  if (waited >= context_.config.pause_limit)
    return false;
  timers_.after(pause_timer, context_.config.pause_limit - waited, [this] {
    is_paused_ = false;
    start_read();
  });
  return true;
}

void terminal_state::resume_if_paused() {
  if (!is_paused_ || should_pause())
    return;
  timers_.cancel(pause_timer);
  is_paused_ = false;
  start_read();
}

// ---- the screen, and what waits for it ----

void terminal_state::schedule_parse() {
  if (timers_.is_armed(parse_timer) || screen_->backlog() == 0)
    return;
  timers_.after(parse_timer, parse_delay, [this] {
    if (screen_->backlog() <= parse_when_quiet || now() - last_output_ >= quiet || !info_.holder)
      parse_some(parse_step);
    if (screen_->backlog() == 0)
      screen_->forget_snapshot();
    schedule_parse();
  });
}

void terminal_state::parse_some(std::uint64_t limit) {
  screen_->advance(limit);
  use_events();
}

void terminal_state::use_events() {
  if (const auto replies = screen_->take_replies(); !replies.empty())
    if (auto taken = type(replies); !taken)
      log_.debug("answer to a query dropped: the program does not read");
  bool changed = false;
  for (const auto& event : screen_->take_events())
    changed |= shell_.apply(event);
  if (!changed)
    return;
  info_.shell = shell_.info();
  if (!title_is_set_ && !shell_.title().empty())
    info_.title = shell_.title().substr(0, max_title);
  if (!info_.shell.cwd.empty())
    info_.cwd = info_.shell.cwd;
  answer_waits();
  report();
}

void terminal_state::answer_waits() {
  waits_.check({now(), last_output_, history_.get(), &shell_, info_});
  arm_wait_timer();
}

void terminal_state::arm_wait_timer() {
  const auto next = waits_.next_check(last_output_);
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

// ---- input ----

result<void> terminal_state::type(std::string_view bytes) {
  if (info_.state == session_state::exited || !pty_)
    return failure{terminal_error::session_ended, {}};
  if (input_.size() - input_done_ + bytes.size() > context_.config.input_queue)
    return failure{terminal_error::input_overflow, {}};
  if (input_done_ == input_.size()) {
    const auto sent = pty_->try_write(bytes);
    if (sent.state == pty_state::ended)
      return failure{terminal_error::session_ended, {}};
    bytes.remove_prefix(sent.bytes);
  }
  if (!bytes.empty()) {
    input_.append(bytes);
    flush_input();
  }
  return {};
}

void terminal_state::flush_input() {
  if (is_waiting_writable_)
    return;
  const auto sent = pty_->try_write(std::string_view{input_}.substr(input_done_));
  input_done_ += sent.bytes;
  if (input_done_ == input_.size() || sent.state == pty_state::ended) {
    input_ = {};
    input_done_ = 0;
    return;
  }
  if (input_done_ > input_.size() / 2) {
    input_.erase(0, input_done_);
    input_done_ = 0;
  }
  is_waiting_writable_ = true;
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  pty_->wait_writable([weak] {
    if (auto strong = caf::actor_cast<terminal_actor>(weak))
      caf::anon_send(strong, pty_writable{});
  });
}

void terminal_state::on_writable() {
  is_waiting_writable_ = false;
  flush_input();
}

// ---- size, holder, life ----

void terminal_state::apply(const size_outcome& outcome) {
  if (outcome.has_new_size && pty_) {
    if (const auto set = set_size(pty_->master(), outcome.size); !set)
      log_.debug("size not set: the terminal is gone");
    screen_->resize(outcome.size);
    info_.cols = outcome.size.cols;
    info_.rows = outcome.size.rows;
    for (const auto& v : viewers_)
      self_->send(v.actor, resized{v.id.stream, info_.cols, info_.rows});
  }
  if (outcome.has_new_holder) {
    info_.holder = std::nullopt;
    for (const auto& v : viewers_)
      if (outcome.holder == v.key)
        info_.holder = v.id;
    screen_->answer_queries(!info_.holder);
    for (const auto& v : viewers_)
      self_->send(v.actor, control_changed{v.id.stream, info_.holder});
  }
  if (outcome.has_new_size || outcome.has_new_holder)
    report();
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
  for (auto& v : viewers_)
    pump(v);
  parse_some(screen_->backlog());
  answer_waits();
  report();
  if (is_quitting_)
    self_->quit(quit_reason_);
}

void terminal_state::tell_exit(viewer& v) {
  if (v.was_told_of_exit)
    return;
  v.was_told_of_exit = true;
  self_->send(v.actor, session_exited{v.id.stream, info_.exit_status, info_.signal});
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

// ---- the API ----

caf::result<session_info> terminal_state::on_describe() {
  if (!has_started_) {
    self_->quit();
    return to_caf(start_failure_);
  }
  info_.offset = history_->end();
  return info_;
}

caf::result<session_info> terminal_state::on_update(const update_session& x) {
  if (x.title) {
    if (x.title->size() > max_title)
      return to_caf({terminal_error::bad_title, fmt::format("longer than {} bytes", max_title)});
    title_is_set_ = !x.title->empty();
    info_.title = title_is_set_ ? *x.title : shell_.title();
  }
  if (x.size_policy) {
    info_.size_policy = *x.size_policy;
    apply(policy_.set_rule(*x.size_policy));
  }
  report();
  return on_describe();
}

caf::result<session_info> terminal_state::on_resize(const resize_session& x) {
  if (!is_valid_size(x.cols, x.rows))
    return to_caf({terminal_error::bad_size, fmt::format("{}x{}", x.cols, x.rows)});
  if (info_.state == session_state::exited)
    return to_caf({terminal_error::session_ended, {}});
  apply(policy_.resize_explicitly({x.cols, x.rows}));
  return on_describe();
}

caf::result<session_info> terminal_state::on_kill(const kill_session& x) {
  follow(x.now ? life_.on_kill_now(now()) : life_.on_kill_requested(now()));
  return on_describe();
}

caf::result<input_accepted> terminal_state::on_send(const send_input& x) {
  std::string bytes = x.bytes;
  if (!x.keys.empty()) {
    key_modes modes;
    if (screen_->current().application_cursor_keys())
      modes.cursor = cursor_keys::application;
    use_events();
    auto keys = encode_keys(x.keys, modes);
    if (!keys)
      return to_caf(keys.error());
    bytes += *keys;
  }
  if (auto taken = type(bytes); !taken)
    return to_caf(taken.error());
  shell_.on_typed(bytes);
  return input_accepted{bytes.size()};
}

caf::result<screen_view> terminal_state::on_read_screen(const read_screen& x) {
  const auto& now_shown = screen_->current();
  use_events();
  screen_view view;
  view.cols = info_.cols;
  view.rows = info_.rows;
  const auto cursor = now_shown.cursor();
  view.cursor_row = static_cast<std::uint16_t>(cursor.row);
  view.cursor_col = static_cast<std::uint16_t>(cursor.col);
  view.cursor_visible = cursor.visible;
  view.alternate = now_shown.alternate();
  view.title = info_.title;
  view.offset = history_->end();
  switch (x.format) {
  case screen_format::text:
    view.body = now_shown.screen_text();
    break;
  case screen_format::ansi:
    view.body = now_shown.screen_ansi();
    break;
  case screen_format::lines:
    for (std::uint16_t row = 0; row < info_.rows; ++row)
      view.lines.push_back(now_shown.line_text(row));
    break;
  }
  return view;
}

caf::result<output_range> terminal_state::on_read_output(const read_output& x) {
  output_range range;
  range.epoch = info_.epoch;
  range.end = history_->end();
  range.offset = std::clamp(x.since, history_->begin(), history_->end());
  range.gap = x.since < history_->begin() ? history_->begin() - x.since : 0;
  range.bytes = history_->read(range.offset, x.limit);
  return range;
}

terminal_actor::behavior_type terminal(terminal_pointer self, terminal_context context,
                                       session_info info,
                                       std::shared_ptr<const spawn_request> wanted) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_viewer_down(x.source); });
  self->set_exit_handler([s](caf::exit_msg& x) { s->on_exit(x.reason); });
  s->start(std::move(context), std::move(info), *wanted);
  return {
      [s](const attach& x, const viewer_actor& who) { return s->on_attach(x, who); },
      [s](const detach& x) { s->on_detach(x); },
      [s](const input& x) { s->on_input(x); },
      [s](const ack& x) { s->on_ack(x); },
      [s](const viewer_resize& x) { s->on_viewer_resize(x); },
      [s](const take_control& x) { s->on_take_control(x); },
      [s](const refresh& x) { s->on_refresh(x); },
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
      [s](const pty_readable& x) { s->on_readable(x); },
      [s](pty_writable) { s->on_writable(); },
      [s](const child_exited& x) { s->on_child_exited(x); },
      [s](const timer_fired& x) { s->on_timer(x); },
  };
}

} // namespace roost::terminal
