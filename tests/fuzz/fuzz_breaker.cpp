#include "actors/channel/breaker/breaker.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace roost::fuzz {

namespace {

using namespace std::chrono_literals;
using channel::breaker_rules;
using channel::breaker_state;
using channel::milliseconds;
using channel::permit;
using channel::refusal;
using channel::rejected;
using channel::verdict;

constexpr std::size_t most_operations = 2000;

std::uint32_t number(std::string_view& data) {
  if (data.empty())
    return 0;
  const auto byte = static_cast<unsigned char>(data.front());
  data.remove_prefix(1);
  return byte;
}

/// Long and short ones from one byte: 0 ms to about six days.
milliseconds time_of(std::uint32_t byte) {
  return milliseconds((byte % 16) << (byte / 16 * 5 / 3));
}

breaker_rules rules_from(std::string_view& data) {
  breaker_rules rules;
  rules.window = time_of(number(data));
  rules.min_calls = number(data) % 16;
  rules.failure_rate = (1 + number(data) % 10) / 10.0;
  rules.slow_rate = (1 + number(data) % 10) / 10.0;
  rules.consecutive = 1 + number(data) % 16;
  rules.open_base = time_of(number(data));
  rules.open_cap = time_of(number(data));
  rules.half_open_successes = 1 + number(data) % 8;
  rules.half_open_limit = time_of(number(data));
  rules.ramp = time_of(number(data));
  rules.limit = number(data) % 64;
  rules.limit_min = number(data) % 8;
  rules.timeout = time_of(number(data));
  rules.timeout_floor = time_of(number(data));
  const auto flags = number(data);
  rules.is_limit_adaptive = (flags & 1) != 0;
  rules.is_timeout_adaptive = (flags & 2) != 0;
  return rules;
}

/// One breaker, and what is known of it from outside.
class trial {
public:
  explicit trial(std::string_view& data)
      : random_(number(data)), subject_{rules_from(data), random_, now_,
                                        number(data) % 2 == 0 ? channel::breaker::start::fresh
                                                              : channel::breaker::start::ramped} {}

  void step(std::string_view& data) {
    const auto what = number(data);
    const auto extra = number(data);
    before_ = subject_.view(now_);
    switch (what % 16) {
    case 0:
      now_ += time_of(extra);
      subject_.tick(now_);
      break;
    case 1: // no step
      subject_.tick(now_ - time_of(extra));
      break;
    case 2:
      subject_.configure(rules_from(data), now_);
      break;
    case 3:
      subject_.set_override(
          {.state = static_cast<breaker_state>(extra % 6),
           .who = "who",
           .reason = "reason",
           .expires_at = extra < 128 ? std::optional(now_ + time_of(extra) - 1s) : std::nullopt},
          now_);
      break;
    case 4:
      subject_.clear_override("who", now_);
      break;
    case 5:
      subject_.complete(extra, verdict::failure, now_);
      break;
    case 6:
      if (!ids_.empty())
        subject_.cancel(ids_[extra % ids_.size()], now_);
      break;
    case 7:
      now_ += std::chrono::microseconds(extra);
      subject_.tick(now_);
      break;
    default:
      if (what % 2 == 0)
        acquire(time_of(extra));
      else if (!ids_.empty()) // one of the latest: else most are late
        subject_.complete(
            ids_[ids_.size() - 1 - extra / 8 % std::min<std::size_t>(ids_.size(), 32)],
            static_cast<verdict>(extra % 5), now_);
    }
    check();
  }

  /// CB-4, and CB-1 in the end: it recovers when nobody says anything any more.
  void finish() {
    const auto& rules = subject_.rules();
    const auto view = subject_.view(now_);
    if (view.state == breaker_state::forced_open && !view.by_hand->expires_at)
      return;
    bool has_passed = std::holds_alternative<permit>(subject_.acquire(now_, 1ms));
    while (const auto due = subject_.next_event())
      subject_.tick(*due);
    now_ = std::max(now_, subject_.view(now_).since);
    now_ += std::max(time_of(255), 2 * rules.open_cap + 1ms);
    subject_.tick(now_);
    ROOST_FUZZ_CHECK(subject_.view(now_).in_flight == 0);
    has_passed = std::holds_alternative<permit>(subject_.acquire(now_, 1ms)) || has_passed;
    ROOST_FUZZ_CHECK(has_passed);
  }

private:
  void acquire(milliseconds timeout) {
    const auto answer = subject_.acquire(now_, timeout);
    const auto view = subject_.view(now_);
    if (const auto* given = std::get_if<permit>(&answer)) {
      ROOST_FUZZ_CHECK(seen_.insert(given->id).second);
      ROOST_FUZZ_CHECK(given->generation == view.generation);
      ROOST_FUZZ_CHECK(given->deadline > now_);
      ROOST_FUZZ_CHECK(view.state != breaker_state::open &&
                       view.state != breaker_state::forced_open);
      ROOST_FUZZ_CHECK(view.in_flight <= view.limit);
      ROOST_FUZZ_CHECK(given->is_probe == (view.state == breaker_state::half_open));
      // CB-2, CB-3
      ROOST_FUZZ_CHECK(!given->is_probe || given->generation != probed_ ||
                       view.totals.probes_succeeded + view.totals.probes_other > probes_done_);
      ROOST_FUZZ_CHECK(now_ >= until_ || view.state != breaker_state::half_open);
      if (given->is_probe) {
        probed_ = given->generation;
        probes_done_ = view.totals.probes_succeeded + view.totals.probes_other;
      }
      ids_.push_back(given->id);
      return;
    }
    const auto& no = std::get<rejected>(answer);
    switch (no.why) {
    case refusal::open:
      ROOST_FUZZ_CHECK(view.state == breaker_state::open && no.retry_after > 0ms);
      ROOST_FUZZ_CHECK(now_ < until_ && no.retry_after == view.retry_after);
      break;
    case refusal::forced_open:
      ROOST_FUZZ_CHECK(view.state == breaker_state::forced_open);
      ROOST_FUZZ_CHECK(no.retry_after == view.retry_after);
      break;
    case refusal::probing:
      ROOST_FUZZ_CHECK(view.state == breaker_state::half_open && view.in_flight > 0);
      ROOST_FUZZ_CHECK(no.retry_after >= 50ms && no.retry_after <= 250ms);
      break;
    case refusal::limit:
      ROOST_FUZZ_CHECK(view.in_flight >= view.limit && view.window == before_.window);
      ROOST_FUZZ_CHECK(no.retry_after >= 50ms && no.retry_after <= 250ms);
      break;
    }
  }

  void check() {
    const auto view = subject_.view(now_);
    const auto& t = view.totals;
    const auto& rules = subject_.rules();
    // CB-1
    ROOST_FUZZ_CHECK(t.granted == t.succeeded + t.failed + t.ignored + t.overloaded + t.cancelled +
                                      t.expired + view.in_flight);
    const auto due = subject_.next_event();
    ROOST_FUZZ_CHECK(view.in_flight == 0 || due);
    ROOST_FUZZ_CHECK(view.window.failed <= view.window.calls &&
                     view.window.slow <= view.window.calls);
    ROOST_FUZZ_CHECK(view.limit >= 1 && view.limit <= std::max(rules.limit, 1U));
    ROOST_FUZZ_CHECK(view.timeout >= 1ms && view.timeout <= std::max(rules.timeout, 1ms));
    ROOST_FUZZ_CHECK(view.since >= before_.since && view.generation >= before_.generation);
    ROOST_FUZZ_CHECK(t.late >= before_.totals.late && t.open_time >= before_.totals.open_time);
    ROOST_FUZZ_CHECK(view.by_hand.has_value() == (view.state == breaker_state::forced_open ||
                                                  view.state == breaker_state::disabled ||
                                                  view.state == breaker_state::metrics_only));
    auto generation = before_.generation;
    std::uint64_t opens = 0;
    for (const auto& event : subject_.take_events()) {
      ROOST_FUZZ_CHECK(event.generation >= generation); // in order
      generation = event.generation;
      ROOST_FUZZ_CHECK(is_presentable(event.why) && !event.why.empty());
      ROOST_FUZZ_CHECK(event.until.has_value() == (event.to == breaker_state::open));
      const bool has_opened =
          event.to == breaker_state::open && event.what == channel::breaker_change::state_changed;
      opens += has_opened ? 1 : 0;
      if (event.until) {
        ROOST_FUZZ_CHECK(has_opened ? *event.until > event.at : *event.until == until_); // CB-7
        until_ = *event.until;
      }
    }
    ROOST_FUZZ_CHECK(generation == view.generation);
    ROOST_FUZZ_CHECK(opens == t.opens - before_.totals.opens);
  }

  seeded_random random_;
  steady_time now_{1h};
  channel::breaker subject_;
  channel::breaker_view before_;
  std::vector<std::uint64_t> ids_;
  std::set<std::uint64_t> seen_;
  steady_time until_; ///< of the latest opening
  std::uint64_t probed_ = 0;
  std::uint64_t probes_done_ = 0;
};

} // namespace

void breaker(std::string_view data) {
  trial one(data);
  for (std::size_t i = 0; i < most_operations && !data.empty(); ++i)
    one.step(data);
  one.finish();
}

} // namespace roost::fuzz
