#include "actors/terminal/fan_out.hpp"

#include <algorithm>
#include <utility>

namespace roost::terminal {

fan_out::viewer* fan_out::find(viewer_key id) {
  const auto at =
      std::find_if(viewers_.begin(), viewers_.end(), [&](const viewer& v) { return v.id == id; });
  return at == viewers_.end() ? nullptr : &*at;
}

void fan_out::add_with_delta(viewer_key id, viewer_mode mode, std::uint64_t offset,
                             steady_time now) {
  viewers_.push_back(
      {id, mode, viewer_cursor(window_, offset), now, std::nullopt, {}, {}, false, false});
}

void fan_out::add_with_snapshot(viewer_key id, viewer_mode mode, wire::snapshot_reason reason,
                                steady_time now) {
  viewers_.push_back(
      {id, mode, viewer_cursor(window_, bytes_.end()), now, reason, {}, {}, false, false});
}

void fan_out::remove(viewer_key id) {
  std::erase_if(viewers_, [&](const viewer& v) { return v.id == id; });
}

void fan_out::set_mode(viewer_key id, viewer_mode mode) {
  if (auto* v = find(id))
    v->mode = mode;
}

void fan_out::start(viewer_key id, steady_time now) {
  if (auto* v = find(id))
    serve(*v, now);
}

void fan_out::ack(viewer_key id, std::uint64_t offset, steady_time now) {
  auto* v = find(id);
  if (v == nullptr || !v->cursor.on_ack(offset))
    return;
  v->last_progress = now;
  // While not everybody can be served, who acks fastest must not get what the others wait for.
  if (!is_contended_ || !is_paced(*v))
    serve(*v, now);
}

void fan_out::refresh(viewer_key id, steady_time now) {
  auto* v = find(id);
  if (v == nullptr)
    return;
  v->wants_snapshot = wire::snapshot_reason::refresh;
  serve(*v, now);
}

void fan_out::shed(viewer_key id, steady_time now) {
  auto* v = find(id);
  if (v == nullptr)
    return;
  v->cursor.on_snapshot(v->cursor.sent(), 0); // nothing that was sent will be acked
  v->wants_snapshot = wire::snapshot_reason::fell_behind;
  v->fell_behind_at = now + shed_patience - patience;
  tell(*v);
}

void fan_out::publish(steady_time now) {
  for (auto& v : viewers_)
    if (!is_paced(v))
      pump(v, now);
  // Each in its turn, from where the last round ended.
  const auto count = viewers_.size();
  is_contended_ = false;
  for (std::size_t i = 0; i < count; ++i) {
    auto& v = viewers_[(turn_ + i) % count];
    if (!is_paced(v))
      continue;
    pump(v, now);
    if (pace_.ready_at(now) > now) {
      turn_ = (turn_ + i + 1) % count;
      is_contended_ = true;
      break;
    }
  }
  for (auto& v : viewers_)
    tell(v);
}

void fan_out::end(steady_time now) {
  has_ended_ = true;
  publish(now);
}

std::optional<steady_time> fan_out::resume_at(steady_time now) {
  std::optional<steady_time> first;
  for (const auto& v : viewers_)
    if (const auto at = served_at(v, now); at && (!first || *at < *first))
      first = std::max(*at, now);
  return first;
}

bool fan_out::has_credit_for_shot(const viewer& v) const {
  // One that was resynced has to show that it reads before it gets more: a client that never acks
  // costs one window. A newcomer has credit, and whoever asks is answered as soon as there is
  // some.
  const bool is_newcomer = *v.wants_snapshot != wire::snapshot_reason::fell_behind &&
                           *v.wants_snapshot != wire::snapshot_reason::refresh;
  return is_newcomer || v.cursor.outstanding() <= window_ / 2;
}

std::optional<steady_time> fan_out::served_at(const viewer& v, steady_time now) {
  const auto paced = is_paced(v) ? pace_.ready_at(now) : now;
  if (v.wants_snapshot) {
    if (!has_credit_for_shot(v))
      return std::nullopt; // its ack will tell
    if (*v.wants_snapshot == wire::snapshot_reason::refresh)
      return std::max(now, v.refreshed_at + refresh_interval);
    // Nobody who comes or asks waits for a pace.
    return *v.wants_snapshot == wire::snapshot_reason::fell_behind
               ? std::max({paced, v.fell_behind_at + patience, sink_.next_shot_at()})
               : now;
  }
  if (v.cursor.credit() == 0 || v.cursor.sent() == bytes_.end())
    return std::nullopt;
  return paced;
}

void fan_out::resync(viewer& v, steady_time now) {
  const auto shot = sink_.take_shot(*v.wants_snapshot);
  sink_.send_snapshot(v.id, *v.wants_snapshot, shot);
  v.cursor.on_snapshot(shot.offset, shot.bytes->size());
  if (is_paced(v))
    pace_.take(shot.bytes->size());
  if (*v.wants_snapshot == wire::snapshot_reason::refresh)
    v.refreshed_at = now;
  v.wants_snapshot.reset();
}

void fan_out::send_piece(viewer& v) {
  auto piece = bytes_.at(v.cursor.sent(), static_cast<std::size_t>(v.cursor.credit()));
  const auto offset = v.cursor.sent();
  v.cursor.on_sent(piece.size);
  if (is_paced(v))
    pace_.take(piece.size);
  sink_.send_output(v.id, offset, std::move(piece));
}

void fan_out::serve(viewer& v, steady_time now) {
  pump(v, now);
  tell(v);
}

void fan_out::pump(viewer& v, steady_time now) {
  if (!v.wants_snapshot && !bytes_.holds(v.cursor.sent())) {
    v.wants_snapshot = wire::snapshot_reason::fell_behind;
    v.fell_behind_at = now;
  }
  for (auto at = served_at(v, now); at && *at <= now; at = served_at(v, now))
    if (v.wants_snapshot)
      resync(v, now);
    else
      send_piece(v);
}

void fan_out::tell(viewer& v) {
  const auto behind = bytes_.end() - v.cursor.sent();
  if (behind == 0 && !v.wants_snapshot) {
    if (std::exchange(v.was_told_of_lag, false))
      sink_.send_lag(v.id, 0);
    if (has_ended_ && !std::exchange(v.was_told_of_end, true))
      sink_.send_end(v.id);
  } else if ((v.wants_snapshot || v.cursor.credit() == 0) &&
             !std::exchange(v.was_told_of_lag, true)) {
    sink_.send_lag(v.id, behind);
  }
}

std::optional<steady_time> fan_out::pause_until(steady_time now,
                                                std::chrono::milliseconds limit) const {
  if (viewers_.size() != 1)
    return std::nullopt; // with several viewers nobody is waited for
  const auto& v = viewers_.front();
  if (v.mode != viewer_mode::control || v.cursor.credit() > 0 || v.wants_snapshot)
    return std::nullopt;
  const auto until = v.last_progress + limit;
  return now < until ? std::optional(until) : std::nullopt;
}

} // namespace roost::terminal
