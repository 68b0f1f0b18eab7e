#pragma once

#include "actors/connection/ws_stream.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace roost::connection {

/// What one client has asked for and has not been answered yet. A mailbox has no bound of its own,
/// so each wish holds a ticket until it is done with, and while too many are out the socket is not
/// read: the client waits in its own kernel. Any thread.
class inbound_work : public std::enable_shared_from_this<inbound_work> {
public:
  static constexpr std::size_t most_wishes = 32;
  static constexpr std::size_t most_bytes = std::size_t{256} << 10;

  /// Whom to tell that there is room again. Before the first ticket.
  void serve(const std::shared_ptr<ws_stream>& socket) { socket_ = socket; }

  /// Given back when the last copy goes.
  [[nodiscard]] std::shared_ptr<const void> ticket(std::size_t bytes) {
    wishes_.fetch_add(1);
    bytes_.fetch_add(bytes);
    return {this, [self = shared_from_this(), bytes](const void*) { self->done(bytes); }};
  }

  [[nodiscard]] bool has_room() const {
    return wishes_.load() < most_wishes && bytes_.load() < most_bytes;
  }

private:
  void done(std::size_t bytes) {
    const bool was_full = !has_room();
    wishes_.fetch_sub(1);
    bytes_.fetch_sub(bytes);
    if (was_full && has_room())
      if (const auto socket = socket_.lock())
        socket->go_on();
  }

  std::weak_ptr<ws_stream> socket_;
  std::atomic<std::size_t> wishes_{0};
  std::atomic<std::size_t> bytes_{0};
};

} // namespace roost::connection
