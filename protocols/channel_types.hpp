#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The words that channels and their callers share. Plain values.
namespace roost {

/// Why a call has no value of its own. The names are the contract's.
enum class call_reason : std::uint8_t {
  none,
  timeout,
  rejected,            ///< by the breaker
  channel_unavailable, ///< no such channel, or nothing at its end
  transport,
  protocol,
  helper_error,
  overload, ///< too many calls at a time
  cancelled
};

inline constexpr std::array<std::pair<call_reason, std::string_view>, 9> call_reasons = {{
    {call_reason::none, ""},
    {call_reason::timeout, "timeout"},
    {call_reason::rejected, "rejected"},
    {call_reason::channel_unavailable, "channel_unavailable"},
    {call_reason::transport, "transport"},
    {call_reason::protocol, "protocol"},
    {call_reason::helper_error, "helper_error"},
    {call_reason::overload, "overload"},
    {call_reason::cancelled, "cancelled"},
}};

constexpr std::string_view to_string(call_reason why) {
  for (const auto& [value, name] : call_reasons)
    if (value == why)
      return name;
  return "";
}

/// What every call ends with.
struct call_answer {
  bool has_value = false;
  std::string value;                      ///< JSON text, if there is one
  bool degraded = false;                  ///< the value is a fallback's
  call_reason reason = call_reason::none; ///< none: the helper's own value
  std::chrono::milliseconds age{0};       ///< of the value, when it is a last good one
  std::uint32_t attempts = 0;
  std::string breaker = "closed"; ///< the state's name; empty: there is no such channel
  bool retryable = false;
  std::chrono::milliseconds retry_after{0};
  std::optional<std::int64_t> helper_code; ///< helper_error: JSON-RPC's code
};

/// One thing that happened to a channel's breaker, as people read it.
struct channel_transition {
  std::chrono::system_clock::time_point at;
  std::string what; ///< "state_changed", "would_trip", "override_set", …; see breaker_types.hpp
  std::string from; ///< state names, as in `GET /channels/{name}`
  std::string to;
  std::string why;
  std::uint32_t calls = 0; ///< of the window, at that moment
  std::uint32_t failed = 0;
  std::uint32_t slow = 0;
};

/// What an administrator has set by hand.
struct channel_override {
  std::string state; ///< "forced-open", "disabled", "metrics-only"
  std::string who;
  std::string reason;
  std::optional<std::chrono::system_clock::time_point> expires_at;
};

/// Calls and what became of them. Totals since the server started; they never fall.
struct channel_totals {
  std::uint64_t calls = 0; ///< that were asked for
  std::uint64_t ok = 0;    ///< the helper's own value
  std::uint64_t degraded = 0;
  std::array<std::uint64_t, call_reasons.size()> failed_by{}; ///< no answer; index: call_reason
  std::uint64_t retries = 0;
  std::uint64_t fallback_failed = 0; ///< there was one, and it had nothing
  // Of the breaker's permits:
  std::uint64_t granted = 0;
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t ignored = 0;
  std::uint64_t overloaded = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t expired = 0;
  std::uint64_t slow = 0;
  std::uint64_t late = 0;
  std::uint64_t rejected_open = 0;
  std::uint64_t rejected_probing = 0;
  std::uint64_t rejected_forced = 0;
  std::uint64_t rejected_limit = 0;
  std::uint64_t opens = 0;
  std::uint64_t would_trips = 0;
  std::uint64_t probes_succeeded = 0;
  std::uint64_t probes_failed = 0;
  std::uint64_t probes_other = 0;
  std::chrono::milliseconds open_time{0};
};

/// Calls by how long they took. Bounds in milliseconds; the last one is everything above.
struct call_latency {
  static constexpr std::array<double, 14> bounds_ms = {0.5, 1,   2,   5,    10,   25,    50,
                                                       100, 250, 500, 1000, 2500, 10000, 60000};
  std::array<std::uint64_t, bounds_ms.size() + 1> counts{};
  double sum_ms = 0;
};

/// A channel as lists show it.
struct channel_status {
  std::string name;
  std::string state = "closed";
  std::chrono::system_clock::time_point since;
  std::chrono::milliseconds retry_after{0};
  std::chrono::milliseconds window_length{0};
  std::uint32_t window_calls = 0;
  std::uint32_t window_failed = 0;
  std::uint32_t window_slow = 0;
  std::uint32_t consecutive_failures = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t waiting = 0; ///< calls that have no place yet
  std::uint32_t limit = 0;   ///< now
  std::chrono::milliseconds timeout{0};
  std::uint64_t generation = 0;
  std::uint64_t config_version = 0;
  std::optional<channel_override> by_hand;
  std::string transport; ///< "stdio", "unix", "http"
  bool is_up = false;    ///< the helper is there, as far as is known
  std::int64_t pid = 0;  ///< of a program; 0: none
  std::uint64_t starts = 0;
  std::uint64_t unknown_messages = 0;
  std::uint64_t violations = 0;
  bool has_fallback = false;
  bool idempotent = false;
  channel_totals totals;
  call_latency latency;
  std::vector<channel_transition> transitions; ///< the newest last; at most 64
};

} // namespace roost
