#pragma once

#include "actors/connection/socket.hpp"
#include "actors/connection/ws_handoff.hpp"
#include "protocols/bytes.hpp"
#include "protocols/wire/roost_v1.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
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
  /// Exactly once, and the last call.
  virtual void on_closed() = 0;
};

/// One WebSocket with its outgoing queue: frames of one stream are gathered into one write, the
/// bytes themselves are never copied. Bounded by the viewers' windows, which the terminals keep,
/// and by a cap on text. A peer that takes nothing for `write_timeout`, or answers no ping, is cut
/// off. Knows no actor. All methods may be called from any thread; work happens on the socket's
/// thread.
class ws_stream {
public:
  /// Takes over an upgrade. Nothing happens before `start`.
  static std::shared_ptr<ws_stream> make(ws_handoff handoff, const ws_config& config,
                                         std::shared_ptr<ws_listener> listener);
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
  /// Runs `f` on the socket's thread, where the listener is called.
  virtual void run(std::function<void()> f) = 0;

  /// Bytes that wait to be sent; readable from any thread.
  [[nodiscard]] std::size_t queued_bytes() const { return queued_.load(std::memory_order_relaxed); }
  /// The latest ping's round trip in microseconds; 0 before the first.
  [[nodiscard]] std::uint64_t rtt_us() const { return rtt_us_.load(std::memory_order_relaxed); }

protected:
  std::atomic<std::size_t> queued_{0};
  std::atomic<std::uint64_t> rtt_us_{0};
};

} // namespace roost::connection
