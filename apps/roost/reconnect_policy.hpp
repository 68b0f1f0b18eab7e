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
  stop,            ///< do not come back until something changes
};

/// What to do after close code `code`; 0 and 1006 stand for a connection that broke.
after_close action_after(std::uint16_t code) noexcept;

/// A sentence for people about a close code after which the client stops.
std::string_view explain_close(std::uint16_t code) noexcept;

/// The seconds that a close reason asks the client to wait ("… Retry-After: 5" or "5"), if any.
std::optional<std::chrono::seconds> retry_after_in(std::string_view reason) noexcept;

/// When the next attempt is due: full jitter over a doubling span from 0.5 s to 30 s, and never
/// before what the server asked for. A server that closes with 1011 gets five attempts, then the
/// client gives up. Pure: randomness is passed in; not thread-safe.
class reconnect_policy {
public:
  explicit reconnect_policy(random_source& random) : random_(random) {}

  /// Counts one ended connection and returns the delay before the next attempt, or nothing if the
  /// client should give up. `hint` is the server's own wish (draining, Retry-After).
  std::optional<std::chrono::milliseconds>
  next_delay(std::uint16_t code, std::optional<std::chrono::milliseconds> hint);

  /// A connection has worked for a while: start over.
  void succeeded() noexcept;

  /// Attempts since the last success.
  [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }

private:
  random_source& random_;
  unsigned attempts_ = 0;
  unsigned internal_errors_ = 0;
};

} // namespace roost::cli
