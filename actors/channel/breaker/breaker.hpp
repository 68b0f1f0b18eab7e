#pragma once

#include "actors/channel/breaker/adaptive_limit.hpp"
#include "actors/channel/breaker/adaptive_timeout.hpp"
#include "actors/channel/breaker/breaker_types.hpp"
#include "actors/channel/breaker/breaker_window.hpp"
#include "actors/channel/breaker/permit_table.hpp"
#include "actors/runtime/random.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace roost::channel {

/// A circuit breaker as a pure state machine: time and randomness are passed in, and it owns its
/// permits, so a caller that never comes back cannot wedge it. The states and their transitions are
/// the table in docs/reference/channels.md; the pattern is Michael Nygard's ("Release It!", 2007),
/// the generation counter gobreaker's, the sliding time window and the overrides resilience4j's.
///
/// Time never goes back: a `now` before an earlier one counts as that one. No timer is needed for
/// correctness: each call first does what has come due meanwhile, in order and as of when it was
/// due, so it makes no difference how often anybody called. `next_event` is for those who want the
/// events in time. Not thread-safe.
class breaker {
public:
  enum class start : std::uint8_t {
    fresh,
    ramped ///< after a crash: closed, with a quarter of the limit at first (CB-14)
  };

  /// Of events that nobody has taken; the oldest go first.
  static constexpr std::size_t max_events = 256;
  /// Of a permit; what asks for more gets this.
  static constexpr milliseconds max_timeout = std::chrono::hours(24);

  /// @param random for jitter; outlives the breaker.
  breaker(breaker_rules rules, random_source& random, steady_time now, start how = start::fresh);

  /// The right to make a call that may take `timeout` (at least 1 ms), or why not. The permit's
  /// deadline is now + timeout + grace. Forced open, open and probing are looked at before the
  /// limit; a full one keeps an open breaker open, as its probe needs a permit too.
  std::variant<permit, rejected> acquire(steady_time now, milliseconds timeout);

  /// Says how the call went; when the permit has been resolved before, or belongs to an earlier
  /// generation, only totals change. A success or failure is slow when the time from `acquire` to
  /// here is, by the permit's own time-out.
  void complete(std::uint64_t id, verdict how, steady_time now);
  /// As `complete` with verdict::cancelled.
  void cancel(std::uint64_t id, steady_time now);

  /// Resolves what is due: silent permits (as failures), the half-open phase, an override's end.
  void tick(steady_time now);
  /// When `tick` would next do something.
  [[nodiscard]] std::optional<steady_time> next_event() const;

  /// @param what its state is forced_open, disabled or metrics_only (with another one nothing
  ///   happens). Replaces an earlier one.
  void set_override(breaker_override what, steady_time now);
  /// Back to automatic: closed, ramped. Nothing if there is no override.
  void clear_override(const std::string& who, steady_time now);
  /// Takes over new rules; permits that are out stay valid (CB-13), as do an `until` and the end of
  /// a half-open phase that have been set. A window of another length begins empty. Nothing if they
  /// are the same.
  void configure(breaker_rules rules, steady_time now);

  /// What happened since the last time, in order.
  [[nodiscard]] std::vector<breaker_event> take_events();
  /// As of the latest call with a time; `now` moves window, ramp and retry_after on without
  /// changing the state.
  [[nodiscard]] breaker_view view(steady_time now) const;
  [[nodiscard]] const breaker_rules& rules() const { return rules_; }

private:
  void advance(steady_time now);
  [[nodiscard]] std::uint32_t limit_at(steady_time at) const;
  [[nodiscard]] bool is_probe_out() const {
    return state_ == breaker_state::half_open && is_probed_;
  }
  rejected refuse(refusal why, std::uint64_t& total);

  void count(verdict how);
  void judge(const permit_note& note, verdict how, bool is_silent);
  void judge_probe(verdict how, bool is_silent);
  void judge_call(const permit_note& note, verdict how, bool is_slow);
  [[nodiscard]] std::string_view trip_reason() const;

  void enter(breaker_state to);
  void open(std::string_view why);
  void close();
  void end_override(breaker_change what, const std::string& why);
  void tell(breaker_change what, breaker_state from, std::string_view why);

  breaker_rules rules_;
  random_source& random_;
  steady_time now_;
  breaker_state state_ = breaker_state::closed;
  steady_time since_; ///< of the state
  std::uint64_t generation_ = 1;
  std::uint64_t config_version_ = 1;
  permit_table permits_;

  // What calls are judged by.
  breaker_window window_;
  std::uint32_t consecutive_failures_ = 0;
  adaptive_limit limit_;
  adaptive_timeout timeout_;
  std::optional<steady_time> ramp_from_; ///< while closed

  // Of single states.
  std::uint32_t opens_in_row_ = 0; ///< n: how often it opened without staying closed for long
  steady_time until_;              ///< open
  steady_time phase_end_;          ///< half_open
  std::uint32_t probe_successes_ = 0;
  bool is_probed_ = false;
  std::optional<breaker_override> by_hand_;
  std::optional<steady_time> would_trip_at_; ///< metrics_only: told, last

  std::chrono::steady_clock::duration open_time_{0}; ///< of states that have ended
  breaker_totals totals_;
  std::vector<breaker_event> events_;
};

} // namespace roost::channel
