#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The words of a circuit breaker: what a channel's calls are judged by. Plain values.
namespace roost::channel {

using std::chrono::milliseconds;

enum class breaker_state : std::uint8_t {
  closed,
  open,
  half_open,
  forced_open, ///< override: nothing passes
  disabled,    ///< override: everything passes, nothing is judged
  metrics_only ///< override: everything passes, what would have tripped is told
};

/// As the HTTP API names it: "half-open".
std::string_view to_string(breaker_state state);

/// What a resolved permit says about the helper's health. See outcome.hpp for who is what.
enum class verdict : std::uint8_t {
  success,
  failure,  ///< counts against the helper
  ignored,  ///< neither: the caller's mistake, not found, no right
  overload, ///< neither: the helper has too much to do; feeds the concurrency limit
  cancelled ///< neither: nobody wants to know any more
};

/// Bounds as in docs/reference/configuration.md; `check` in the configuration refuses others.
struct breaker_rules {
  bool operator==(const breaker_rules&) const = default;

  milliseconds window{10'000}; ///< cut into `buckets`
  std::uint32_t min_calls = 10;
  double failure_rate = 0.5; ///< of the window's calls, (0, 1]
  double slow_rate = 0.8;    ///< of the window's calls, (0, 1]
  double slow_at = 0.8;      ///< of the call's time-out: what takes longer is slow
  std::uint32_t consecutive = 5;
  milliseconds open_base{5'000};
  milliseconds open_cap{60'000};
  std::uint32_t half_open_successes = 3;
  milliseconds half_open_limit{30'000};
  milliseconds ramp{10'000}; ///< from a quarter of the limit to all of it, after closing

  std::uint32_t limit = 32; ///< permits out at a time
  bool is_limit_adaptive = false;
  std::uint32_t limit_min = 2;

  milliseconds timeout{2'000};
  bool is_timeout_adaptive = false;
  milliseconds timeout_floor{50}; ///< of an adaptive time-out; its ceiling is `timeout`

  static constexpr std::uint32_t buckets = 10;
  /// How long after a call's time-out its permit is resolved without anybody having said so.
  static constexpr milliseconds grace{250};
};

/// The right to make one call. Resolved once, by `complete`, `cancel`, or at `deadline` by the
/// breaker itself.
struct permit {
  std::uint64_t id = 0;
  std::uint64_t generation = 0;
  steady_time deadline;
  bool is_probe = false;
};

enum class refusal : std::uint8_t { open, probing, forced_open, limit };
std::string_view to_string(refusal why);

struct rejected {
  refusal why = refusal::open;
  milliseconds retry_after{0}; ///< 0: unknown (an override that does not lapse)
};

/// Somebody's will against the automatism.
struct breaker_override {
  breaker_state state = breaker_state::forced_open; ///< forced_open, disabled or metrics_only
  std::string who;
  std::string reason;
  std::optional<steady_time> expires_at; ///< nothing: until it is cleared
};

enum class breaker_change : std::uint8_t {
  state_changed,
  would_trip, ///< metrics_only: it would have opened
  override_set,
  override_cleared,
  override_expired,
  config_changed
};
std::string_view to_string(breaker_change what);

/// Sums over the window.
struct window_sums {
  bool operator==(const window_sums&) const = default;

  std::uint32_t calls = 0; ///< successes and failures
  std::uint32_t failed = 0;
  std::uint32_t slow = 0;
};

/// One thing that happened to a breaker, in order.
struct breaker_event {
  breaker_change what = breaker_change::state_changed;
  breaker_state from = breaker_state::closed;
  breaker_state to = breaker_state::closed;
  /// state_changed to open: "failure_rate", "slow_rate", "consecutive" (as of would_trip),
  /// "probe_failed", "probe_expired", "half_open_limit"; to half_open: "probing"; to closed:
  /// "probes_succeeded". override_set and override_expired: the override's reason;
  /// override_cleared: who cleared it. config_changed: "configured".
  std::string why;
  std::uint64_t generation = 0; ///< that begins with it
  steady_time at;
  window_sums window;               ///< before it was cleared
  std::optional<steady_time> until; ///< of `open`
};

/// Totals since the breaker was made; they never fall. granted = succeeded + failed + ignored +
/// overloaded + cancelled + expired + in_flight (CB-1).
struct breaker_totals {
  bool operator==(const breaker_totals&) const = default;

  std::uint64_t granted = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t ignored = 0;
  std::uint64_t overloaded = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t expired = 0; ///< resolved by the breaker at the permit's deadline
  std::uint64_t slow = 0;    ///< of those that were judged, expired ones too
  std::uint64_t late = 0;    ///< said of a permit that was resolved, or of an earlier generation
  std::uint64_t rejected_open = 0;
  std::uint64_t rejected_probing = 0;
  std::uint64_t rejected_forced = 0;
  std::uint64_t rejected_limit = 0;
  std::uint64_t opens = 0; ///< from closed and from half_open
  std::uint64_t would_trips = 0;
  std::uint64_t probes_succeeded = 0;
  std::uint64_t probes_failed = 0;
  std::uint64_t probes_other = 0; ///< ignored, overloaded or cancelled
  milliseconds open_time{0};      ///< in open and half_open, by the automatism
};

/// The breaker as it is now.
struct breaker_view {
  breaker_state state = breaker_state::closed;
  steady_time since;
  std::uint64_t generation = 0;
  std::uint64_t config_version = 1;
  milliseconds retry_after{0}; ///< 0: something may pass, or (forced_open) it is unknown
  window_sums window;
  std::uint32_t consecutive_failures = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t limit = 0; ///< now: adapted, and ramped
  milliseconds timeout{0}; ///< now: adapted
  std::optional<breaker_override> by_hand;
  breaker_totals totals;
};

} // namespace roost::channel
