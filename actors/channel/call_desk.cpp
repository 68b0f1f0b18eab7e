#include "actors/channel/call_desk.hpp"

#include <algorithm>
#include <cstddef>
#include <variant>

namespace roost::channel {

namespace {

template <class Duration>
milliseconds to_ms(Duration d) {
  return std::chrono::duration_cast<milliseconds>(d);
}

constexpr judgement too_much{call_reason::overload, verdict::overload, true, false, true};

void count(call_latency& into, steady_time::duration took) {
  const auto ms = std::chrono::duration<double, std::milli>(took).count();
  const auto& bounds = call_latency::bounds_ms;
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), ms) - bounds.begin();
  ++into.counts[static_cast<std::size_t>(bucket)];
  into.sum_ms += ms;
}

} // namespace

breaker_rules rules_of(const channel_config& config) {
  breaker_rules r;
  r.window = config.breaker.window;
  r.min_calls = config.breaker.min_calls;
  r.failure_rate = config.breaker.failure_rate;
  r.slow_rate = config.breaker.slow_rate;
  r.consecutive = config.breaker.consecutive;
  r.open_base = config.breaker.open_base;
  r.open_cap = config.breaker.open_cap;
  r.half_open_successes = config.breaker.half_open_successes;
  r.limit = config.concurrency.limit;
  r.is_limit_adaptive = config.concurrency.adaptive;
  r.timeout = config.timeout;
  r.is_timeout_adaptive = config.adaptive_timeout;
  r.timeout_floor = std::min(r.timeout_floor, config.timeout);
  return r;
}

call_desk::call_desk(const channel_config& config, random_source& random, desk_port& port,
                     steady_time now, breaker::start how)
    : config_(config), port_(port), breaker_(rules_of(config), random, now, how),
      good_(config.last_good) {}

void call_desk::submit(wanted_call what, steady_time now) {
  ++totals_.calls;
  const auto timeout = std::clamp(what.timeout.count() > 0 ? what.timeout : config_.timeout,
                                  milliseconds{1}, longest_timeout);
  const auto id = what.id;
  call c;
  c.what = std::move(what);
  c.began = now;
  c.deadline = now + timeout;
  c.due = c.deadline;
  due_.emplace(c.due, id);
  open_bytes_ += size_of(c.what);
  const bool is_too_much = open_bytes_ > most_open_bytes;
  auto& placed = calls_.emplace(id, std::move(c)).first->second;
  if (is_too_much)
    return without_value(placed, too_much, milliseconds{0}, std::nullopt, now);
  try_now(placed, now);
}

/// Makes the call, lets it wait for a place, or answers it.
void call_desk::try_now(call& c, steady_time now) {
  if (const auto no = go_out(c, now))
    refuse(c, *no, now);
}

/// One attempt, within what is left of the call's time; or why the breaker is against it.
std::optional<rejected> call_desk::go_out(call& c, steady_time now) {
  const auto limit = std::min(breaker_.view(now).timeout, std::max(milliseconds{1}, left(c, now)));
  const auto got = breaker_.acquire(now, limit);
  if (const auto* const no = std::get_if<rejected>(&got))
    return *no;
  c.at = stage::out;
  c.request = std::get<permit>(got).id;
  c.went_out = now;
  ++c.attempts;
  out_.emplace(c.request, c.what.id);
  set_due(c, std::min(now + limit, c.deadline));
  port_.send({c.request, c.what.method, c.what.params, c.due});
  return std::nullopt;
}

void call_desk::refuse(call& c, const rejected& why, steady_time now) {
  if (why.why == refusal::limit) {
    if (queue_.size() < config_.concurrency.queue) {
      c.at = stage::waiting;
      queue_.push_back(c.what.id);
      return set_due(c, c.deadline);
    }
    return without_value(c, too_much, why.retry_after, std::nullopt, now);
  }
  without_value(c, {call_reason::rejected, verdict::ignored, true, false, true}, why.retry_after,
                std::nullopt, now);
}

void call_desk::replied(const reply& what, steady_time now) {
  const auto at = out_.find(what.id);
  if (at == out_.end()) {
    breaker_.cancel(what.id, now); // counts as late
    return;
  }
  auto& c = calls_.at(at->second);
  const auto means = judge(what);
  end_attempt(c);
  breaker_.complete(what.id, means.how, now);
  if (means.reason != call_reason::none) {
    std::optional<std::int64_t> code;
    if (means.reason == call_reason::helper_error)
      code = what.code;
    attempt_failed(c, means, code, now);
  } else {
    if (config_.last_good.count() > 0)
      good_.keep(question_of(c), what.value, now);
    call_answer yes;
    yes.has_value = true;
    yes.value = what.value;
    finish(c, std::move(yes), now);
  }
  admit_waiting(now);
}

/// The permit is resolved; the call gets another one, or what there is without a value.
void call_desk::attempt_failed(call& c, const judgement& means, std::optional<std::int64_t> code,
                               steady_time now) {
  const bool another = means.may_try_again && config_.idempotent && c.attempts < most_attempts &&
                       left(c, now).count() > 0 &&
                       breaker_.view(now).state == breaker_state::closed;
  if (another && !go_out(c, now)) {
    ++totals_.retries;
    return;
  }
  without_value(c, means, milliseconds{0}, code, now);
}

/// The helper's own answer is missing: what stands in, in the order of how much it is worth.
void call_desk::without_value(call& c, const judgement& means, milliseconds retry_after,
                              std::optional<std::int64_t> code, steady_time now) {
  call_answer no;
  no.reason = means.reason;
  no.retryable = means.is_retryable;
  no.retry_after = retry_after;
  no.helper_code = code;
  if (!means.may_fall_back)
    return finish(c, std::move(no), now);
  if (auto good = good_.find(question_of(c), now)) {
    no.has_value = no.degraded = true;
    no.value = std::move(good->json);
    no.age = good->age;
    return finish(c, std::move(no), now);
  }
  const auto patience =
      std::max(left(c, now), to_ms(c.deadline + stand_in_patience - std::max(now, c.deadline)));
  if (!config_.fallback_channel.empty() && patience.count() > 0) {
    c.at = stage::standing_in;
    c.why = std::move(no);
    set_due(c, now + patience);
    return port_.ask_other(c.what.id, config_.fallback_channel, c.what.method, c.what.params,
                           patience);
  }
  if (!config_.fallback.empty()) {
    no.has_value = no.degraded = true;
    no.value = config_.fallback;
  }
  finish(c, std::move(no), now);
}

void call_desk::stood_in(std::uint64_t call_id, const call_answer& other, steady_time now) {
  const auto at = calls_.find(call_id);
  if (at == calls_.end() || at->second.at != stage::standing_in)
    return;
  auto& c = at->second;
  auto with = std::move(c.why);
  if (other.has_value) {
    with.has_value = with.degraded = true;
    with.value = other.value;
    with.age = other.age;
  } else {
    ++totals_.fallback_failed;
    if (!config_.fallback.empty()) {
      with.has_value = with.degraded = true;
      with.value = config_.fallback;
    }
  }
  finish(c, std::move(with), now);
}

void call_desk::finish(call& c, call_answer with, steady_time now) {
  with.attempts = c.attempts;
  with.breaker = to_string(breaker_.view(now).state);
  if (with.degraded)
    ++totals_.degraded;
  else if (with.has_value)
    ++totals_.ok;
  else
    ++totals_.failed_by[static_cast<std::size_t>(with.reason)];
  count(latency_, now - c.began);
  const auto id = c.what.id;
  due_.erase({c.due, id});
  open_bytes_ -= size_of(c.what);
  calls_.erase(id);
  port_.answer(id, std::move(with));
}

void call_desk::cancel(std::uint64_t call_id, steady_time now) {
  const auto at = calls_.find(call_id);
  if (at == calls_.end())
    return;
  auto& c = at->second;
  if (c.at == stage::out) {
    port_.withdraw(c.request);
    breaker_.cancel(c.request, now);
    end_attempt(c);
  } else if (c.at == stage::waiting) {
    queue_.erase(std::remove(queue_.begin(), queue_.end(), call_id), queue_.end());
  }
  call_answer no;
  no.reason = call_reason::cancelled;
  no.retryable = true;
  finish(c, std::move(no), now);
  admit_waiting(now);
}

void call_desk::tick(steady_time now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    auto& c = calls_.at(due_.begin()->second);
    switch (c.at) {
    case stage::out: {
      const auto request = c.request;
      const bool is_judged =
          c.due - c.went_out >= shortest_judged || config_.timeout < shortest_judged;
      end_attempt(c);
      port_.withdraw(request);
      breaker_.complete(request, is_judged ? verdict::failure : verdict::cancelled, now);
      attempt_failed(c, judge_timeout(), std::nullopt, now);
      break;
    }
    case stage::waiting:
      queue_.erase(std::remove(queue_.begin(), queue_.end(), c.what.id), queue_.end());
      without_value(c, too_much, milliseconds{0}, std::nullopt, now);
      break;
    case stage::standing_in:
      stood_in(c.what.id, {}, now);
      break;
    }
  }
  breaker_.tick(now);
  admit_waiting(now);
}

std::optional<steady_time> call_desk::next_event() const {
  auto next = breaker_.next_event();
  if (!due_.empty() && (!next || due_.begin()->first < *next))
    next = due_.begin()->first;
  return next;
}

void call_desk::configure(const channel_config& config, steady_time now) {
  config_ = config;
  good_.set_oldest(config.last_good);
  breaker_.configure(rules_of(config), now);
  admit_waiting(now);
}

void call_desk::close(steady_time now) {
  queue_.clear();
  while (!calls_.empty()) {
    auto& c = calls_.begin()->second;
    if (c.at == stage::out) {
      breaker_.cancel(c.request, now);
      end_attempt(c);
    }
    call_answer no;
    no.reason = call_reason::channel_unavailable;
    no.retryable = true;
    no.value = config_.fallback;
    no.has_value = no.degraded = !no.value.empty();
    finish(c, std::move(no), now);
  }
}

void call_desk::end_attempt(call& c) {
  out_.erase(c.request);
  c.request = 0;
}

/// Gives free places to those who wait, and the breaker's refusal when it has opened meanwhile.
void call_desk::admit_waiting(steady_time now) {
  for (auto n = queue_.size(); n > 0; --n) {
    const auto v = breaker_.view(now);
    const bool passes = v.state == breaker_state::closed || v.state == breaker_state::disabled ||
                        v.state == breaker_state::metrics_only;
    if (passes && v.in_flight >= v.limit)
      return;
    auto& c = calls_.at(queue_.front());
    queue_.pop_front();
    try_now(c, now);
  }
}

void call_desk::set_due(call& c, steady_time due) {
  due_.erase({c.due, c.what.id});
  c.due = due;
  due_.emplace(c.due, c.what.id);
}

milliseconds call_desk::left(const call& c, steady_time now) const {
  return std::max(milliseconds{0}, to_ms(c.deadline - now));
}

} // namespace roost::channel
