// Who is attached to a terminal, what they ask of it, and whose size and keys count.

#include "actors/terminal/terminal.hpp"

#include "actors/terminal/query_reply.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace roost::terminal {

namespace {

wire::snapshot_reason reason_for(const attach& x, const std::string& epoch) {
  if (!x.since)
    return wire::snapshot_reason::first_attach;
  return x.since->epoch == epoch ? wire::snapshot_reason::delta_gone
                                 : wire::snapshot_reason::epoch_changed;
}

} // namespace

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

void terminal_state::on_shed(const shed_viewer& x) {
  if (const auto* v = find(x.viewer)) {
    fan_out_->shed(v->key, now());
    keep_pace();
  }
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

void terminal_state::apply(const size_outcome& outcome) {
  if (outcome.has_new_size && pty_) {
    if (const auto set = set_size(pty_->master(), outcome.size); !set)
      log_.debug("size not set: the terminal is gone");
    screen_->resize(outcome.size);
    info_.cols = outcome.size.cols;
    info_.rows = outcome.size.rows;
    note_size_for_tail();
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

} // namespace roost::terminal
