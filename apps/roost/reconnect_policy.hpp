#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "actors/runtime/random.hpp"

namespace roost::cli {

/// What a client does after a connection ended; docs/reference/websocket.md has the contract.
enum class after_close : std::uint8_t {
  reconnect,       ///< come back with `since`
  reconnect_fresh, ///< come back and ask for a snapshot: we were too slow for the bytes
  ended,           ///< the session is over: leave with its status
  await_person,    ///< nobody was there: come back with `since` when somebody is, not before
  stop,            ///< do not come back until something changes
};

/// What to do after close code `code`; 0 and 1006 stand for a connection that broke.
after_close action_after(std::uint16_t code) noexcept;

/// A sentence for people about a close code after which the client stops.
std::string_view explain_close(std::uint16_t code) noexcept;

/// The seconds that a close reason ("… Retry-After: 5") or a Retry-After header ("5") asks the
/// client to wait, if any; at most 600.
std::optional<std::chrono::seconds> retry_after_in(std::string_view text) noexcept;

/// When the next attempt is due: full jitter over a doubling span from 0.5 s to 30 s, and never
/// before what the server asked for. A server that restarts (1012) is tried at short intervals,
/// with full jitter over 1 s, until 20 s after the time it asked for. One that closes with 1011
/// gets five attempts, then the client gives up. Pure: randomness and the clock are passed in; not
/// thread-safe.
class reconnect_policy {
public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit reconnect_policy(random_source& random) : random_(random) {}

  /// Counts one connection that ended (or one attempt that failed: code 0) at `now` and returns the
  /// delay before the next attempt, or nothing if the client should give up. `hint` is the server's
  /// own wish (draining, Retry-After); at most ten minutes of it are granted.
  std::optional<std::chrono::milliseconds>
  next_delay(std::uint16_t code, std::optional<std::chrono::milliseconds> hint, time_point now);

  /// A connection has worked for a while: start over.
  void succeeded() noexcept;

  /// Attempts since the last success, without those that waited for a restart.
  [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }

private:
  random_source& random_;
  std::optional<time_point> restarting_until_;
  unsigned attempts_ = 0;
  unsigned internal_errors_ = 0;
};

} // namespace roost::cli
