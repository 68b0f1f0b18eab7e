#pragma once

#include "actors/runtime/token_bucket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace roost::connection {

/// How fast one WebSocket is read. Bytes are not enough of a measure: a keystroke of seven bytes
/// costs as much work as a kilobyte, and a wish in JSON as several, so each message counts for more
/// than it has; an ack, of which a fast reader sends many, for little more. Control frames, which a
/// client needs few of and each of which is answered, have a bound of their own.
/// Whoever sends faster is read more slowly, so that a paste arrives whole; a flood of control
/// frames ends the connection. Pure; time comes in.
class inbound_pace {
public:
  // Bytes, on top of a message's own.
  static constexpr std::uint64_t ack_cost = 64;
  static constexpr std::uint64_t input_cost = 1024;
  static constexpr std::uint64_t text_cost = 4096;
  static constexpr std::uint64_t control_frames_per_s = 100;
  static constexpr std::uint64_t control_burst = 1'000;

  /// @param rate bytes per second; 0: no limit. @param burst bytes at once.
  inbound_pace(std::uint64_t rate, std::uint64_t burst)
      : bytes_(rate, burst), control_(control_frames_per_s, control_burst) {}

  /// Bytes came from the network. Returns how long to wait before reading on.
  std::chrono::nanoseconds read(std::size_t bytes, steady_time now) {
    bytes_.take(bytes);
    return bytes_.ready_at(now) - now;
  }
  /// A whole message was among them.
  void message(std::uint64_t cost) { bytes_.take(cost); }
  /// A ping, pong or close. False: too many.
  bool control_frame(steady_time now) {
    if (control_.ready_at(now) > now)
      return false;
    control_.take(1);
    return true;
  }

private:
  token_bucket bytes_;
  token_bucket control_;
};

} // namespace roost::connection
