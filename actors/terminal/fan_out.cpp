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
  viewers_.push_back({id, mode, viewer_cursor(window_, offset), now, std::nullopt, false, false});
}

void fan_out::add_with_snapshot(viewer_key id, viewer_mode mode, wire::snapshot_reason reason,
                                steady_time now) {
  viewers_.push_back({id, mode, viewer_cursor(window_, bytes_.end()), now, reason, false, false});
}

void fan_out::remove(viewer_key id) {
  std::erase_if(viewers_, [&](const viewer& v) { return v.id == id; });
}

void fan_out::set_mode(viewer_key id, viewer_mode mode) {
  if (auto* v = find(id))
    v->mode = mode;
}

void fan_out::start(viewer_key id) {
  if (auto* v = find(id))
    pump(*v);
}

void fan_out::ack(viewer_key id, std::uint64_t offset, steady_time now) {
  auto* v = find(id);
  if (v == nullptr || !v->cursor.on_ack(offset))
    return;
  v->last_progress = now;
  pump(*v);
}

void fan_out::refresh(viewer_key id) {
  auto* v = find(id);
  if (v == nullptr)
    return;
  v->wants_snapshot = wire::snapshot_reason::refresh;
  pump(*v);
}

void fan_out::publish() {
  for (auto& v : viewers_)
    pump(v);
}

void fan_out::end() {
  has_ended_ = true;
  publish();
}

void fan_out::pump(viewer& v) {
  if (!v.wants_snapshot && !bytes_.holds(v.cursor.sent()))
    v.wants_snapshot = wire::snapshot_reason::fell_behind;
  if (v.wants_snapshot) {
    // One that was resynced has to show that it reads before it gets more: a client that never acks
    // costs one window. A newcomer has credit, and whoever asks is answered as soon as there is
    // some.
    const bool is_newcomer = *v.wants_snapshot != wire::snapshot_reason::fell_behind &&
                             *v.wants_snapshot != wire::snapshot_reason::refresh;
    if (is_newcomer || v.cursor.outstanding() <= window_ / 2) {
      const auto shot = sink_.take_shot(*v.wants_snapshot == wire::snapshot_reason::fell_behind);
      sink_.send_snapshot(v.id, *v.wants_snapshot, shot);
      v.cursor.on_snapshot(shot.offset, shot.bytes->size());
      v.wants_snapshot.reset();
    }
  }
  while (!v.wants_snapshot && v.cursor.credit() > 0 && v.cursor.sent() < bytes_.end()) {
    auto piece = bytes_.at(v.cursor.sent(), static_cast<std::size_t>(v.cursor.credit()));
    const auto offset = v.cursor.sent();
    v.cursor.on_sent(piece.size);
    sink_.send_output(v.id, offset, std::move(piece));
  }
  const auto behind = bytes_.end() - v.cursor.sent();
  if (behind == 0 && !v.wants_snapshot) {
    if (std::exchange(v.was_told_of_lag, false))
      sink_.send_lag(v.id, 0);
    if (has_ended_ && !std::exchange(v.was_told_of_end, true))
      sink_.send_end(v.id);
  } else if (!std::exchange(v.was_told_of_lag, true)) {
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
