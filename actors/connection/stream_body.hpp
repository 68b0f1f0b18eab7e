#pragma once

#include "actors/connection/http_types.hpp"
#include "actors/connection/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace roost::connection {

/// The bounded queue between a handler that writes an open-ended response, on any thread, and the
/// connection that sends it. Bytes count against the bound until the socket has taken them.
class stream_body {
public:
  /// What the connection must do now.
  enum class event : std::uint8_t {
    ready,    ///< bytes wait, or the end was asked for: take() them
    overflow, ///< the client does not read, or the handler has given up: abort
  };
  using waker = std::function<void(event)>;

  /// @param wake is called on the connection's executor, never from inside a call of this class.
  stream_body(connection_executor executor, std::size_t limit, waker wake);

  /// The handler's handle on the queue: writes to it, and closes it when the last copy goes.
  static std::shared_ptr<event_stream::writer> make_writer(std::shared_ptr<stream_body> body);

  bool write(std::string bytes);
  void close();
  void when_empty(std::function<void()> call);
  void abort();

  struct taken {
    std::string bytes;
    bool is_end = false; ///< nothing follows these bytes
  };
  /// For the connection: everything that waits. Bytes stay counted until `sent`.
  taken take();
  /// For the connection: the socket has taken the bytes of the last `take`.
  void sent();
  /// For the connection: the client is gone; writes fail from now on, and nothing wakes any more.
  void end();

private:
  void wake(event what);
  void tell_empty();

  const connection_executor executor_;
  const std::size_t limit_;
  std::mutex mutex_;
  waker wake_;
  std::function<void()> on_empty_;
  std::string queued_;
  std::size_t in_flight_ = 0;
  bool is_open_ = true;       ///< writes are taken
  bool is_end_due_ = false;   ///< close() was called, and take() has not told yet
  bool is_scheduled_ = false; ///< a `ready` is on its way or being handled
};

} // namespace roost::connection
