#include "actors/terminal/terminal.hpp"

#include "actors/runtime/scheduler.hpp"
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

// A flood is read for this long before others get their turn (architecture, decision 2): half of it
// costs 3 % of the throughput, twice as much gains none.
constexpr std::chrono::microseconds read_slice{600};
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
// Viewers that fall behind in a flood get a new snapshot this often at most, and in at most a
// twentieth of the time: fifty such viewers must not make the server do nothing else.
constexpr std::chrono::milliseconds snapshot_age{100};
// Viewers that wait for their pace are looked after this often, when output does not do it anyway.
constexpr std::chrono::milliseconds pace_step{2};
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

// ---- viewers ----

terminal_state::viewer* terminal_state::find(const viewer_id& id) {
  const auto at =
      std::find_if(viewers_.begin(), viewers_.end(), [&](const viewer& v) { return v.id == id; });
  return at == viewers_.end() ? nullptr : &*at;
}

terminal_state::viewer* terminal_state::find(viewer_key key) {
  const auto at =
      std::find_if(viewers_.begin(), viewers_.end(), [&](const viewer& v) { return v.key == key; });
  return at == viewers_.end() ? nullptr : &*at;
}

caf::result<attached> terminal_state::on_attach(const attach& x, const viewer_actor& who) {
  if (!is_valid_size(x.cols, x.rows))
    return to_caf({terminal_error::bad_size, fmt::format("{}x{}", x.cols, x.rows)});
  if (find(x.viewer) != nullptr)
    return to_caf({request_error::stream_in_use, std::to_string(x.viewer.stream)});
  if (viewers_.size() >= context_.config.max_viewers)
    return to_caf({terminal_error::too_many_viewers, {}});

  const bool delta = x.since && x.since->epoch == info_.epoch && history_->holds(x.since->offset);
  const auto key = next_key_++;
  viewers_.push_back({x.viewer, key, who, x.mode});
  self_->monitor(who);
  info_.viewers = static_cast<std::uint32_t>(viewers_.size());
  // Queries in what was not parsed yet were the server's to answer until now; `apply` moves that
  // boundary to this offset when the viewer becomes the holder.
  apply(policy_.attach(key, x.mode, {x.cols, x.rows}, x.since ? hold::if_free : hold::take));

  attached answer;
  answer.epoch = info_.epoch;
  answer.live_offset = history_->end();
  answer.offset = delta ? x.since->offset : answer.live_offset;
  answer.delta = delta;
  answer.mode = x.mode;
  answer.cols = info_.cols;
  answer.rows = info_.rows;
  answer.holder = info_.holder;
  if (delta) {
    fan_out_->add_with_delta(key, x.mode, answer.offset, now());
  } else {
    answer.reason = reason_for(x, info_.epoch);
    fan_out_->add_with_snapshot(key, x.mode, answer.reason, now());
  }
  // The answer must be on its way before the first output: the same sender's messages keep order.
  auto promise = self_->make_response_promise<attached>();
  promise.deliver(std::move(answer));
  fan_out_->start(key, now());
  keep_pace();
  if (x.mode == viewer_mode::control)
    move_pty_here();
  if (is_paused_)
    pause_or_read(); // with several viewers nobody is waited for
  report();
  return promise;
}

void terminal_state::move_pty_here() {
  // An idle terminal runs on the thread of the socket that sends to it: from now on the program's
  // output is read there, and a keystroke and its echo never change threads. A busy one runs where
  // it is busy, and moves another time.
  auto& here = context_.place();
  if (!pty_ || has_output_ended_ || pty_->lives_on(here))
    return;
  move_to_ = &here;
  if (is_waiting_readable_)
    pty_->cancel_wait(); // its end starts the next, over there
}

void terminal_state::remove_viewer(std::size_t index) {
  const auto key = viewers_[index].key;
  viewers_.erase(viewers_.begin() + static_cast<std::ptrdiff_t>(index));
  info_.viewers = static_cast<std::uint32_t>(viewers_.size());
  fan_out_->remove(key);
  apply(policy_.detach(key));
  if (is_paused_)
    pause_or_read();
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
  const auto* v = find(x.viewer);
  if (v == nullptr)
    return;
  if (info_.holder == x.viewer)
    move_pty_here();
  fan_out_->ack(v->key, x.offset, now());
  keep_pace();
  if (is_paused_)
    pause_or_read();
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
  fan_out_->set_mode(v->key, v->mode);
  apply(policy_.take_control(v->key));
}

void terminal_state::on_refresh(const refresh& x) {
  if (const auto* v = find(x.viewer)) {
    fan_out_->refresh(v->key, now());
    keep_pace();
  }
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
  if (origin == input_origin::person) {
    shell_.on_typed(x.bytes);
    apply(policy_.typed(v->key));
    if (info_.holder == x.viewer)
      move_pty_here();
  }
}

// ---- output ----

void terminal_state::wait_for_output() {
  if (is_waiting_readable_ || has_output_ended_)
    return;
  if (move_to_ != nullptr && !is_waiting_writable_)
    pty_->move_to(*std::exchange(move_to_, nullptr));
  is_waiting_readable_ = true;
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  pty_->wait_readable([weak] {
    if (auto strong = caf::actor_cast<terminal_actor>(weak))
      runtime::hand_over(strong, pty_readable{});
  });
}

void terminal_state::on_readable() {
  is_waiting_readable_ = false;
  read_some();
  publish();
  if (has_output_ended_)
    follow(life_.on_output_end(now()));
  else
    pause_or_read();
}

void terminal_state::pause_or_read() {
  // A lone person's scrollback stays complete if the program waits a little for the screen; a
  // viewer that makes no progress for the limit no longer counts.
  const auto until = fan_out_->pause_until(now(), context_.config.pause_limit);
  is_paused_ = until.has_value();
  if (!is_paused_) {
    timers_.cancel(pause_timer);
    wait_for_output();
  } else if (!timers_.is_armed(pause_timer)) {
    timers_.after(pause_timer, *until - now(), [this] { pause_or_read(); });
  }
}

void terminal_state::read_some() {
  const auto stop = now() + read_slice;
  for (bool is_first = true;; is_first = false) {
    const auto got = pty_->try_read(history_->prepare());
    history_->commit(got.bytes);
    has_output_ended_ = got.state == pty_state::ended;
    if (got.state != pty_state::open || (is_first && got.bytes < short_read) || now() >= stop)
      return;
  }
}

void terminal_state::publish() {
  if (history_->end() == published_)
    return;
  published_ = history_->end();
  live_offset_->store(published_, std::memory_order_relaxed);
  last_output_ = now();
  fan_out_->publish(last_output_);
  keep_pace();
  // With nobody at the keyboard the server's screen answers the program's queries, and soon; so do
  // marks that somebody waits for.
  if (!info_.holder || !waits_.is_empty() || command_)
    parse_some(parse_step);
  if (!waits_.is_empty())
    answer_waits();
  schedule_parse();
}

void terminal_state::keep_pace() {
  const auto at = fan_out_->resume_at(now());
  if (!at || (timers_.is_armed(pace_timer) && pace_at_ <= *at))
    return;
  pace_at_ = std::max(*at, now() + pace_step);
  timers_.after(pace_timer, pace_at_ - now(), [this] {
    fan_out_->publish(now());
    keep_pace();
  });
}

void terminal_state::send_output(viewer_key to, std::uint64_t offset, slice bytes) {
  if (const auto* v = find(to))
    self_->send(v->actor, output{v->id.stream, offset, std::move(bytes)});
}

void terminal_state::send_snapshot(viewer_key to, wire::snapshot_reason reason,
                                   const screen_shot& shot) {
  const auto* v = find(to);
  if (v == nullptr)
    return;
  if (reason == wire::snapshot_reason::fell_behind)
    log_.debug("viewer fell behind, sending a snapshot",
               log::kv("viewer", to_string(v->id.connection)));
  self_->send(v->actor, snapshot{v->id.stream, shot.offset, reason, shot.bytes});
}

void terminal_state::send_lag(viewer_key to, std::uint64_t bytes) {
  if (const auto* v = find(to))
    self_->send(v->actor, viewer_lag{v->id.stream, bytes});
}

void terminal_state::send_end(viewer_key to) {
  if (const auto* v = find(to))
    self_->send(v->actor, session_exited{v->id.stream, info_.exit_status, info_.signal});
}

screen_shot terminal_state::take_shot(wire::snapshot_reason why) {
  const bool fell_behind = why == wire::snapshot_reason::fell_behind;
  if (fell_behind && now() < snapshot_made_ + snapshot_interval())
    if (auto shot = screen_->last_snapshot(); shot.bytes)
      return shot;
  const auto began = now();
  // Half a window, so that live output can follow before the client has acked the snapshot.
  const auto limit = context_.config.window / (fell_behind ? 8 : 2);
  auto shot =
      screen_->take_snapshot({context_.config.scrollback_lines, static_cast<std::size_t>(limit)});
  use_events();
  snapshot_made_ = now();
  snapshot_cost_ = snapshot_made_ - began;
  return shot;
}

std::chrono::nanoseconds terminal_state::snapshot_interval() const {
  return std::max<std::chrono::nanoseconds>(snapshot_age, 20 * snapshot_cost_);
}

steady_time terminal_state::next_shot_at() {
  if (screen_->last_snapshot().bytes)
    return snapshot_made_;
  // After a flood nobody has to wait: the program has nothing to lose.
  return std::min(snapshot_made_ + snapshot_interval(), last_output_ + quiet);
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
      runtime::hand_over(strong, pty_writable{});
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
    fan_out_->set_holder(outcome.holder.value_or(0));
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
