#pragma once

#include "actors/connection/connection_totals.hpp"
#include "actors/connection/socket.hpp"
#include "actors/connection/ws_handoff.hpp"
#include "protocols/bytes.hpp"
#include "protocols/wire/roost_v1.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace roost::connection {

/// Bounds and clocks of one WebSocket; from `connections` in the configuration.
struct ws_config {
  std::size_t max_frame = std::size_t{1} << 20; ///< bytes of one message from the client
  std::size_t max_text_queue = std::size_t{1} << 20;
  std::chrono::milliseconds heartbeat_interval{25'000};
  std::chrono::milliseconds heartbeat_timeout{10'000};
  std::chrono::milliseconds write_timeout{10'000};
  std::chrono::milliseconds close_timeout{2'000};
  std::uint64_t inbound_rate = std::uint64_t{1} << 20; ///< bytes per second; 0: no limit
  std::uint64_t inbound_burst = std::uint64_t{8} << 20;
};

/// What a WebSocket tells its owner. Called on the socket's thread, one at a time, never from
/// inside a call into the stream. Views are valid during the call only.
class ws_listener {
public:
  virtual ~ws_listener() = default;
  virtual void on_open() = 0;
  virtual void on_text(std::string_view text) = 0;
  virtual void on_input(const wire::input_frame& frame) = 0;
  virtual void on_ack(const wire::ack_frame& frame) = 0;
  virtual void on_bad_frame(std::string_view why) = 0;
  /// Whether more may be read now. When it may not, `go_on` says when it may.
  [[nodiscard]] virtual bool has_room() const = 0;
  /// Exactly once, and the last call. @param code of the close frame that ended it, whichever side
  /// sent it first; what it would have been where none could be sent; 1006: the peer vanished.
  virtual void on_closed(std::uint16_t code) = 0;
};

/// One WebSocket with its outgoing queue: frames of one stream are gathered into one write, the
/// bytes themselves are never copied. Bounded by the viewers' windows, which the terminals keep,
/// and by a cap on text. A peer that takes nothing for `write_timeout`, or answers no ping, is cut
/// off; one that sends faster than it may is read more slowly. Knows no actor. All methods may be
/// called from any thread; work happens on the socket's thread.
class ws_stream {
public:
  /// Takes over an upgrade. Nothing happens before `start`.
  /// @param figures is kept up to date on the socket's thread: bytes, queue, round trip.
  static std::shared_ptr<ws_stream> make(ws_handoff handoff,
                                         std::shared_ptr<const ws_config> config,
                                         std::shared_ptr<ws_listener> listener,
                                         std::shared_ptr<connection_figures> figures);
  virtual ~ws_stream() = default;

  /// Sends the 101 and reads.
  virtual void start() = 0;
  virtual void send_text(std::string text) = 0;
  virtual void send_shared_text(std::shared_ptr<const std::string> text) = 0;
  virtual void send_output(std::uint32_t stream, std::uint64_t offset, slice bytes) = 0;
  virtual void send_snapshot(std::uint32_t stream, std::uint64_t offset,
                             wire::snapshot_reason reason,
                             std::shared_ptr<const std::string> bytes) = 0;
  /// Forgets output that waits for this stream: its viewer is gone or gets a snapshot.
  virtual void drop_stream(std::uint32_t stream) = 0;
  /// Sends what waits, then a close frame; the socket is cut after `close_timeout` at the latest.
  virtual void close(std::uint16_t code, std::string reason) = 0;
  /// There is room again: reads on, if it had stopped.
  virtual void go_on() = 0;
  /// Runs `f` on the socket's thread, where the listener is called.
  virtual void run(std::function<void()> f) = 0;
};

} // namespace roost::connection
