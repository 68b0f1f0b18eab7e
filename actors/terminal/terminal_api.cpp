// What the API asks of a terminal and gets an answer to at once.

#include "actors/terminal/terminal.hpp"

#include "actors/terminal/keys.hpp"
#include "actors/terminal/pty/pty.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace roost::terminal {

caf::result<session_info> terminal_state::on_describe() {
  if (has_failed_) {
    self_->quit();
    return to_caf(start_failure_);
  }
  if (!has_started_) {
    auto promise = self_->make_response_promise<session_info>();
    describe_promise_ = runtime::promise_guard<session_info>(promise);
    return promise;
  }
  info_.offset = history_->end();
  return info_;
}

caf::result<session_info> terminal_state::on_update(const update_session& x) {
  // All of it, or nothing.
  if (x.title && x.title->size() > max_title)
    return to_caf({terminal_error::bad_title, fmt::format("longer than {} bytes", max_title)});
  if (x.restart && is_over())
    return to_caf({terminal_error::session_ended, "a restart policy is for what has not ended"});
  if (x.restart)
    if (auto possible = check_restart(*x.restart); !possible)
      return to_caf(possible.error());

  if (x.title) {
    title_is_set_ = !x.title->empty();
    info_.title = title_is_set_ ? *x.title : shell_.title();
  }
  if (x.restart) {
    info_.restart.policy = *x.restart;
    if (*x.restart == restart_policy::never && is_between_ && !is_next_asked_)
      end_between(); // what is waited for does not come
  }
  if (x.record && *x.record != info_.record) {
    info_.record = *x.record;
    info_.record_from = history_->end();
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
  if (is_over())
    return to_caf({terminal_error::session_ended, {}});
  apply(policy_.resize_explicitly({x.cols, x.rows}));
  return on_describe();
}

caf::result<session_info> terminal_state::on_kill(const kill_session& x) {
  if (!x.reason.empty() && !x.now) {
    end_by_limit(x.reason);
    return on_describe();
  }
  ask_to_end(x.now);
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

} // namespace roost::terminal
