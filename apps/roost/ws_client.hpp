#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>

#include "apps/roost/outcome.hpp"
#include "apps/roost/server_address.hpp"

namespace roost::cli {

/// How a WebSocket came to its end.
struct ws_end {
  std::uint16_t close_code = 0;                    ///< the server's, or 0 if the connection broke
  std::string reason;                              ///< that came with the code
  int http_status = 0;                             ///< of a refused upgrade, else 0
  std::string http_body;                           ///< of a refused upgrade
  std::optional<std::chrono::seconds> retry_after; ///< of a refused upgrade
  std::optional<command_failure> unreachable;      ///< set if there never was a connection
};

/// What the owner of a WebSocket hears from it, on the io_context's thread. The views live during
/// the call only. `on_end` comes exactly once and last, and not after `close()`.
struct ws_events {
  std::function<void()> on_open;
  std::function<void(std::string_view)> on_text;
  std::function<void(std::string_view)> on_binary;
  std::function<void()> on_writable; ///< the queue has fallen below its low mark
  std::function<void(const ws_end&)> on_end;
};

/// One WebSocket with the subprotocol roost.v1. Single-threaded: all calls on the io_context's
/// thread. Answers pings by itself, sends its own when nothing comes, and gives a silent peer up
/// after 30 s. Messages over 64 MiB end it.
class ws_client {
public:
  virtual ~ws_client() = default;

  /// Connects and upgrades. Call once.
  virtual void start(const std::string& token) = 0;
  /// Queues one message; the caller watches `queued_bytes()`.
  virtual void send_text(std::string message) = 0;
  virtual void send_binary(std::string message) = 0;
  /// Bytes that are queued and not handed to the kernel yet.
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;
  /// Says goodbye (1000) after what is queued, and waits for nothing; no event comes any more.
  virtual void close() = 0;
};

/// Makes the WebSocket for `address`. The io_context must outlive it.
std::shared_ptr<ws_client> make_ws_client(boost::asio::io_context& io,
                                          const server_address& address, ws_events events);

} // namespace roost::cli
