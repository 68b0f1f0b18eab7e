#include "actors/channel/breaker/breaker.hpp"

#include <algorithm>
#include <utility>

namespace roost::channel {
namespace {

using duration = std::chrono::steady_clock::duration;
using state = breaker_state;

// When a place may be free again is not known; callers that come back should not come at once.
constexpr milliseconds shortest_wait{50};
constexpr milliseconds longest_wait{250};

milliseconds wait_until(steady_time when, steady_time now) {
  return std::chrono::ceil<milliseconds>(std::max(when - now, duration(0)));
}

milliseconds between(random_source& random, milliseconds low, milliseconds high) {
  return milliseconds(random.between(static_cast<std::uint64_t>(low.count()),
                                     static_cast<std::uint64_t>(high.count())));
}

/// Equal jitter: half of the delay is kept, as a helper that is down needs some rest in any case.
milliseconds open_for(const breaker_rules& rules, std::uint32_t opens_in_row,
                      random_source& random) {
  const auto cap = std::max(rules.open_cap, milliseconds(1));
  auto delay = std::clamp(rules.open_base, milliseconds(1), cap);
  for (std::uint32_t i = 1; i < opens_in_row && delay < cap; ++i)
    delay = delay > cap / 2 ? cap : delay * 2;
  return between(random, delay - delay / 2, delay);
}

adaptive_limit::settings limit_of(const breaker_rules& rules) {
  return {.is_adaptive = rules.is_limit_adaptive,
          .min = rules.limit_min,
          .max = std::min(rules.limit, static_cast<std::uint32_t>(permit_table::max_size))};
}

adaptive_timeout::settings timeout_of(const breaker_rules& rules) {
  return {.is_adaptive = rules.is_timeout_adaptive,
          .floor = rules.timeout_floor,
          .ceiling = rules.timeout};
}

bool is_automatic_open(state s) { return s == state::open || s == state::half_open; }

} // namespace

breaker::breaker(breaker_rules rules, random_source& random, steady_time now, start how)
    : rules_(rules), random_(random), now_(now), since_(now), window_(rules.window, now),
      limit_(limit_of(rules)), timeout_(timeout_of(rules), now) {
  if (how == start::ramped)
    ramp_from_ = now;
}

std::variant<permit, rejected> breaker::acquire(steady_time now, milliseconds timeout) {
  advance(now);
  if (state_ == state::forced_open)
    return refuse(refusal::forced_open, totals_.rejected_forced);
  if (state_ == state::open && now_ < until_)
    return refuse(refusal::open, totals_.rejected_open);
  if (is_probe_out())
    return refuse(refusal::probing, totals_.rejected_probing);
  if (permits_.size() >= limit_at(now_))
    return refuse(refusal::limit, totals_.rejected_limit);

  if (state_ == state::open) {
    enter(state::half_open);
    phase_end_ = now_ + std::max(rules_.half_open_limit, milliseconds(1)); // else none could end
    tell(breaker_change::state_changed, state::open, "probing");
  }
  is_probed_ = state_ == state::half_open;
  ++totals_.granted;
  timeout = std::clamp(timeout, milliseconds(1), max_timeout);
  auto& note = permits_.add(now_ + timeout + breaker_rules::grace);
  note.generation = generation_;
  note.granted = now_;
  note.timeout = timeout;
  note.is_probe = is_probed_;
  return permit{note.id, note.generation, note.deadline, note.is_probe};
}

rejected breaker::refuse(refusal why, std::uint64_t& total) {
  ++total;
  switch (why) {
  case refusal::open:
    return {why, wait_until(until_, now_)};
  case refusal::forced_open:
    return {why, by_hand_->expires_at ? wait_until(*by_hand_->expires_at, now_) : milliseconds(0)};
  default:
    return {why, between(random_, shortest_wait, longest_wait)};
  }
}

std::uint32_t breaker::limit_at(steady_time at) const {
  const auto whole = limit_.value();
  if (state_ != state::closed || !ramp_from_ || at - *ramp_from_ >= rules_.ramp)
    return whole;
  const std::int64_t all = duration(rules_.ramp).count();
  const std::int64_t passed = (at - *ramp_from_).count();
  const auto part = static_cast<std::int64_t>(whole) * (all + 3 * passed) / (4 * all);
  return static_cast<std::uint32_t>(std::max<std::int64_t>(part, 1));
}

// --- what became of permits

void breaker::complete(std::uint64_t id, verdict how, steady_time now) {
  advance(now);
  const auto note = permits_.take(id);
  if (!note) {
    ++totals_.late;
    return;
  }
  count(how);
  if (note->generation == generation_)
    judge(*note, how, false);
  else
    ++totals_.late;
}

void breaker::cancel(std::uint64_t id, steady_time now) { complete(id, verdict::cancelled, now); }

void breaker::count(verdict how) {
  switch (how) {
  case verdict::success:
    ++totals_.succeeded;
    return;
  case verdict::failure:
    ++totals_.failed;
    return;
  case verdict::ignored:
    ++totals_.ignored;
    return;
  case verdict::overload:
    ++totals_.overloaded;
    return;
  case verdict::cancelled:
    ++totals_.cancelled;
    return;
  }
}

void breaker::judge(const permit_note& note, verdict how, bool is_silent) {
  if (state_ == state::disabled)
    return;
  const auto took = now_ - note.granted;
  const bool is_counted = how == verdict::success || how == verdict::failure;
  const bool is_slow =
      is_counted && static_cast<double>(took.count()) >
                        rules_.slow_at * static_cast<double>(duration(note.timeout).count());
  totals_.slow += is_slow ? 1 : 0;
  if (how == verdict::success)
    limit_.on_success(took, static_cast<std::uint32_t>(permits_.size()) + 1);
  else if (how == verdict::overload)
    limit_.on_overload();

  if (state_ == state::half_open)
    judge_probe(how, is_silent);
  else if (is_counted)
    judge_call(note, how, is_slow);
}

void breaker::judge_probe(verdict how, bool is_silent) {
  is_probed_ = false;
  if (how == verdict::success) {
    ++totals_.probes_succeeded;
    if (++probe_successes_ >= rules_.half_open_successes) {
      enter(state::closed);
      tell(breaker_change::state_changed, state::half_open, "probes_succeeded");
      close();
    }
  } else if (how == verdict::failure) {
    ++totals_.probes_failed;
    ++opens_in_row_;
    open(is_silent ? "probe_expired" : "probe_failed");
  } else {
    ++totals_.probes_other;
  }
}

void breaker::judge_call(const permit_note& note, verdict how, bool is_slow) {
  const bool is_failed = how == verdict::failure;
  const auto took = now_ - note.granted;
  window_.add(is_failed, is_slow, now_);
  consecutive_failures_ = is_failed ? consecutive_failures_ + 1 : 0;
  // Calls that ran out of time say that it was too short; without them it could only shrink.
  if (state_ == state::closed && (!is_failed || took >= note.timeout))
    timeout_.record(took, now_);
  if (!is_failed && !is_slow)
    return;
  const auto why = trip_reason();
  if (why.empty())
    return;
  if (state_ == state::closed) {
    if (now_ - since_ >= 2 * rules_.open_cap)
      opens_in_row_ = 0;
    ++opens_in_row_;
    open(why);
  } else if (!would_trip_at_ || now_ - *would_trip_at_ >= rules_.window) {
    would_trip_at_ = now_;
    ++totals_.would_trips;
    tell(breaker_change::would_trip, state_, why);
  }
}

std::string_view breaker::trip_reason() const {
  if (consecutive_failures_ >= rules_.consecutive)
    return "consecutive";
  const auto sums = window_.sums(now_);
  if (sums.calls == 0 || sums.calls < rules_.min_calls)
    return {};
  const auto rate = [&](std::uint32_t n) { return static_cast<double>(n) / sums.calls; };
  if (rate(sums.failed) >= rules_.failure_rate)
    return "failure_rate";
  if (rate(sums.slow) >= rules_.slow_rate)
    return "slow_rate";
  return {};
}

// --- time

void breaker::tick(steady_time now) { advance(now); }

std::optional<steady_time> breaker::next_event() const {
  std::optional<steady_time> next;
  const auto consider = [&](steady_time at) { next = next ? std::min(*next, at) : at; };
  if (const auto* silent = permits_.earliest())
    consider(silent->deadline);
  if (state_ == state::half_open)
    consider(phase_end_);
  if (by_hand_ && by_hand_->expires_at)
    consider(*by_hand_->expires_at);
  return next;
}

void breaker::advance(steady_time now) {
  for (auto due = next_event(); due && *due <= now; due = next_event()) {
    now_ = std::max(now_, *due);
    if (const auto* silent = permits_.earliest(); silent && silent->deadline <= now_) {
      const auto note = *permits_.take(silent->id);
      ++totals_.expired;
      if (note.generation == generation_)
        judge(note, verdict::failure, true);
    } else if (state_ == state::half_open && phase_end_ <= now_) {
      open("half_open_limit"); // n stays: the helper was not asked enough to be blamed
    } else {
      end_override(breaker_change::override_expired, by_hand_->reason);
    }
  }
  now_ = std::max(now_, now);
}

// --- transitions

void breaker::enter(breaker_state to) {
  if (is_automatic_open(state_))
    open_time_ += now_ - since_;
  state_ = to;
  since_ = now_;
  ++generation_; // permits that are out become stale
  probe_successes_ = 0;
  is_probed_ = false;
}

void breaker::open(std::string_view why) {
  const auto from = state_;
  enter(state::open);
  until_ = now_ + open_for(rules_, opens_in_row_, random_);
  ++totals_.opens;
  tell(breaker_change::state_changed, from, why);
}

void breaker::close() {
  window_.clear();
  consecutive_failures_ = 0;
  ramp_from_ = now_;
}

void breaker::set_override(breaker_override what, steady_time now) {
  advance(now);
  if (what.state == state::closed || is_automatic_open(what.state))
    return;
  const auto from = state_;
  by_hand_ = std::move(what);
  would_trip_at_.reset();
  enter(by_hand_->state);
  tell(breaker_change::override_set, from, by_hand_->reason);
  advance(now_); // it may have lapsed already
}

void breaker::clear_override(const std::string& who, steady_time now) {
  advance(now);
  if (by_hand_)
    end_override(breaker_change::override_cleared, who);
}

void breaker::end_override(breaker_change what, const std::string& why) {
  const auto from = state_;
  enter(state::closed);
  tell(what, from, why);
  by_hand_.reset();
  close();
}

void breaker::configure(breaker_rules rules, steady_time now) {
  advance(now);
  if (rules == rules_)
    return;
  if (rules.window != rules_.window)
    window_ = breaker_window(rules.window, now_);
  rules_ = rules;
  limit_.configure(limit_of(rules_));
  timeout_.configure(timeout_of(rules_), now_);
  ++config_version_;
  tell(breaker_change::config_changed, state_, "configured");
}

// --- what others see

void breaker::tell(breaker_change what, breaker_state from, std::string_view why) {
  if (events_.size() >= max_events)
    events_.erase(events_.begin());
  events_.push_back({.what = what,
                     .from = from,
                     .to = state_,
                     .why = std::string(why),
                     .generation = generation_,
                     .at = now_,
                     .window = window_.sums(now_),
                     .until = state_ == state::open ? std::optional(until_) : std::nullopt});
}

std::vector<breaker_event> breaker::take_events() { return std::exchange(events_, {}); }

breaker_view breaker::view(steady_time now) const {
  const auto at = std::max(now_, now);
  breaker_view out{.state = state_,
                   .since = since_,
                   .generation = generation_,
                   .config_version = config_version_,
                   .window = window_.sums(at),
                   .consecutive_failures = consecutive_failures_,
                   .in_flight = static_cast<std::uint32_t>(permits_.size()),
                   .limit = limit_at(at),
                   .timeout = timeout_.value(),
                   .by_hand = by_hand_,
                   .totals = totals_};
  if (state_ == state::forced_open)
    out.retry_after =
        by_hand_->expires_at ? wait_until(*by_hand_->expires_at, at) : milliseconds(0);
  else if (state_ == state::open && at < until_)
    out.retry_after = wait_until(until_, at);
  else if (is_probe_out() || out.in_flight >= out.limit)
    out.retry_after = shortest_wait;
  const auto open_time = open_time_ + (is_automatic_open(state_) ? at - since_ : duration(0));
  out.totals.open_time = std::chrono::floor<milliseconds>(open_time);
  return out;
}

} // namespace roost::channel
