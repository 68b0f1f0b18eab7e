#pragma once

#include "actors/connection/refusal.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roost::connection {

/// What a plain HTTP connection was doing when its time was over.
enum class slow_phase : std::uint8_t { tls, header, body, write };
inline constexpr std::array<std::string_view, 4> slow_phases = {"tls", "header", "body", "write"};

/// Close codes that are told apart; any other counts under the last. 1006 is a peer that vanished.
inline constexpr std::array<std::uint16_t, 19> counted_codes = {
    1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011,
    1012, 1013, 4008, 4401, 4403, 4408, 4409, 4410, 4429};
inline constexpr std::size_t close_codes = counted_codes.size() + 1;

constexpr std::size_t index_of_code(std::uint16_t code) {
  const auto* const at = std::find(counted_codes.begin(), counted_codes.end(), code);
  return static_cast<std::size_t>(at - counted_codes.begin());
}

/// What has happened to connections since the start, as counts that only grow: their differences
/// are the windows of `GET /connections`, and they are the counters of `/metrics`. Written from any
/// thread.
struct connection_totals {
  using counter = std::atomic<std::uint64_t>;

  counter accepted{0}; ///< sockets, refused ones too
  counter opened{0};   ///< WebSockets
  std::array<counter, refusals> refused{};
  std::array<counter, slow_phases.size()> timed_out{};
  std::array<counter, close_codes> closed{}; ///< WebSockets, by close code
  counter bytes_in{0};                       ///< of WebSockets that have ended
  counter bytes_out{0};

  static void add(counter& to, std::uint64_t n = 1) { to.fetch_add(n, std::memory_order_relaxed); }
  void note(refusal why) { add(refused[static_cast<std::size_t>(why)]); }
  void note(slow_phase what) { add(timed_out[static_cast<std::size_t>(what)]); }
  void note_closed(std::uint16_t code) { add(closed[index_of_code(code)]); }
};

/// One WebSocket as its pool sees it: written on the socket's thread, read by the pool.
struct connection_figures {
  std::atomic<std::uint64_t> bytes_in{0};
  std::atomic<std::uint64_t> bytes_out{0};
  std::atomic<std::uint64_t> queued_bytes{0}; ///< wait to be sent
  std::atomic<std::uint64_t> rtt_us{0};       ///< of the latest ping; 0 before the first
  std::atomic<std::uint64_t> lag_bytes{0};    ///< output that its viewers are behind
  std::atomic<std::int64_t> active_at_ms{0};  ///< steady clock: when a person last did something
  std::atomic<std::uint32_t> streams{0};
  std::atomic<std::uint16_t> close_code{1006}; ///< 1006 also while it is open
};

} // namespace roost::connection
