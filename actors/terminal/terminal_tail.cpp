// A terminal's output as it comes, for whoever records it.

#include "actors/terminal/terminal.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace roost::terminal {

namespace {

// So long an answer waits for more: a program that writes byte by byte costs fifty questions a
// second, and what is recorded is that much late at most.
constexpr std::chrono::milliseconds tail_delay{20};
// Sizes that are remembered between two answers; of more, the last one counts.
constexpr std::size_t most_sizes = 64;

} // namespace

caf::result<output_tail> terminal_state::on_tail(const tail_output& x) {
  if (!history_)
    return to_caf({terminal_error::no_such_session, info_.id.value});
  if (tail_sizes_.empty())
    tail_sizes_.push_back({0, info_.cols, info_.rows});
  if (tail_) {
    output_tail nothing;
    nothing.epoch = info_.epoch;
    nothing.offset = tail_->what.since;
    nothing.end = history_->end();
    nothing.cols = info_.cols;
    nothing.rows = info_.rows;
    tail_->promise.deliver(std::move(nothing));
    tail_.reset();
    timers_.cancel(tail_timer);
  }
  if (history_->end() > x.since || is_over())
    return take_tail(x);
  auto promise = self_->make_response_promise<output_tail>();
  tail_.emplace(tail_question{runtime::promise_guard<output_tail>(promise), x});
  return promise;
}

output_tail terminal_state::take_tail(const tail_output& x) {
  output_tail out;
  out.epoch = info_.epoch;
  out.end = history_->end();
  out.offset = std::clamp(x.since, history_->begin(), history_->end());
  out.gap = out.offset > x.since ? out.offset - x.since : 0;
  out.bytes = history_->read(out.offset, x.limit);
  auto last = out.offset;
  for (const auto& each : out.bytes)
    last += each.size;
  out.is_over = is_over() && last == out.end;
  if (out.is_over) {
    out.status = info_.exit_status;
    out.signal = info_.signal;
  }
  // The size at the beginning is in front; what was told is not needed any more.
  auto passed = tail_sizes_.begin();
  for (auto next = passed + 1; next != tail_sizes_.end() && next->offset <= last; ++next) {
    if (next->offset < out.offset)
      passed = next;
    else
      out.resizes.push_back(*next);
  }
  out.cols = passed->cols;
  out.rows = passed->rows;
  tail_sizes_.erase(tail_sizes_.begin(), passed + static_cast<std::ptrdiff_t>(out.resizes.size()));
  return out;
}

void terminal_state::answer_tail() {
  timers_.cancel(tail_timer);
  if (!tail_)
    return;
  auto question = std::move(*tail_);
  tail_.reset();
  question.promise.deliver(take_tail(question.what));
}

void terminal_state::answer_tail_soon() {
  if (!timers_.is_armed(tail_timer))
    timers_.after(tail_timer, tail_delay, [this] { answer_tail(); });
}

void terminal_state::note_size_for_tail() {
  if (tail_sizes_.empty())
    return;
  const size_at now{history_->end(), info_.cols, info_.rows};
  const bool is_same_place = tail_sizes_.size() > 1 && tail_sizes_.back().offset == now.offset;
  if (is_same_place || tail_sizes_.size() >= most_sizes)
    tail_sizes_.back() = now;
  else
    tail_sizes_.push_back(now);
  if (tail_)
    answer_tail_soon();
}

} // namespace roost::terminal
