// A terminal's bytes: from the program to the viewers and the screen, and what is typed on the way
// back.

#include "actors/terminal/terminal.hpp"

#include "actors/runtime/scheduler.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace roost::terminal {

namespace {

// A flood is read for this long before others get their turn (architecture, decision 2). Measured:
// 300 µs was slower by 1 to 7 % of the throughput, 1 ms was no faster.
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

} // namespace

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
  if (history_->is_fenced()) {
    on_fenced();
    return;
  }
  read_some();
  publish();
  if (has_output_ended_)
    follow(life_.on_output_end(now()));
  else
    pause_or_read();
}

void terminal_state::on_fenced() {
  // Another server owns the session: what is read or written here would be missing there.
  if (!has_output_ended_)
    log_.error("another server has taken the session over");
  has_output_ended_ = true;
  pty_->close();
  self_->quit(caf::exit_reason::kill);
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

void terminal_state::note_memory(std::uint64_t bytes) {
  if (bytes == noted_memory_)
    return; // most of the time: blocks are large
  context_.histories->fetch_add(bytes - noted_memory_, std::memory_order_relaxed);
  noted_memory_ = bytes;
}

void terminal_state::publish() {
  if (history_->end() == published_)
    return;
  published_ = history_->end();
  note_memory(history_->memory_bytes());
  checkpoint_if_wanted();
  live_offset_->store(published_, std::memory_order_relaxed);
  last_output_ = now();
  fan_out_->publish(last_output_);
  keep_pace();
  if (tail_)
    answer_tail_soon();
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
  if (is_between_)
    return failure{terminal_error::session_ended,
                   "its next program has not started yet; nothing was kept for it"};
  if (is_over() || !pty_)
    return failure{terminal_error::session_ended, {}};
  if (input_.size() - input_done_ + bytes.size() > context_.config.input_queue)
    return failure{terminal_error::input_overflow, {}};
  last_input_ = now();
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

} // namespace roost::terminal
