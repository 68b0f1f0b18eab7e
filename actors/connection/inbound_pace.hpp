#pragma once

#include "actors/runtime/token_bucket.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace roost::connection {

/// How fast one WebSocket is read. Bytes are not enough of a measure: a keystroke of seven bytes
/// costs as much work as a kilobyte, so each counts for more than it has; an ack, of which a fast
/// reader sends many, for little more. Wishes (attach, subscribe: anything in JSON) cost most and
/// have a rate of their own, and so have control frames, which a client needs few of and each of
/// which is answered. Whoever sends faster is read more slowly, so that a paste arrives whole; a
/// flood of control frames, or of wishes that does not end, ends the connection. Pure; time comes
/// in.
class inbound_pace {
public:
  // Bytes, on top of a message's own.
  static constexpr std::uint64_t ack_cost = 64;
  static constexpr std::uint64_t input_cost = 1024;
  static constexpr std::uint64_t wishes_per_s = 100;
  static constexpr std::uint64_t wish_burst = 256;
  static constexpr std::chrono::seconds wish_patience{5};
  static constexpr std::uint64_t control_frames_per_s = 20;
  static constexpr std::uint64_t control_burst = 100;

  /// @param rate bytes per second; 0: no limit. @param burst bytes at once.
  inbound_pace(std::uint64_t rate, std::uint64_t burst)
      : bytes_(rate, burst), wishes_(wishes_per_s, wish_burst),
        control_(control_frames_per_s, control_burst) {}

  /// Bytes came from the network. Returns how long to wait before reading on.
  std::chrono::nanoseconds read(std::size_t bytes, steady_time now) {
    bytes_.take(bytes);
    return std::max(bytes_.ready_at(now), wishes_.ready_at(now)) - now;
  }
  /// Among them was a whole message, that costs so much more.
  void message(std::uint64_t cost) { bytes_.take(cost); }
  /// Among them was a wish. False: there have been too many for longer than `wish_patience`.
  bool wish(steady_time now) {
    wishes_.take(1);
    if (wishes_.ready_at(now) <= now)
      flooding_since_.reset();
    else if (!flooding_since_)
      flooding_since_ = now;
    return !flooding_since_ || now - *flooding_since_ < wish_patience;
  }
  /// A ping, pong or close. False: too many.
  bool control_frame(steady_time now) {
    if (control_.ready_at(now) > now)
      return false;
    control_.take(1);
    return true;
  }

private:
  token_bucket bytes_;
  token_bucket wishes_;
  token_bucket control_;
  std::optional<steady_time> flooding_since_; ///< with wishes
};

} // namespace roost::connection
