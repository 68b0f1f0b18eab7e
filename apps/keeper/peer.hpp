#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/keeper/descriptor.hpp"
#include "apps/keeper/event_loop.hpp"

namespace roost::keeper {

/// A packet that came, with its descriptors.
struct arrival {
  std::string bytes;
  std::vector<descriptor> descriptors;
  bool has_lost_descriptors = false; ///< too many, or no room for them here
};

/// A connection of a server. Sends without blocking: what the socket does not take waits in a
/// queue.
class peer {
public:
  using clock = std::chrono::steady_clock;

  /// `on_input` runs when `receive` has something, or the end.
  peer(event_loop& loop, descriptor socket, std::function<void(peer&)> on_input);
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer();

  /// The next packet; nothing: none for now, or the end (`is_lost`).
  std::optional<arrival> receive();

  template <class Packet>
  void send(const Packet& packet, std::vector<shared_descriptor> descriptors = {}) {
    push({reinterpret_cast<const char*>(&packet), sizeof packet}, std::move(descriptors));
  }
  /// Once more, for what the socket did not take.
  void flush();
  /// When to `flush` if the socket does not say that it is ready.
  [[nodiscard]] std::optional<clock::time_point> retry_at() const { return retry_at_; }

  /// Makes it lost. What was sent may still be read at the other end.
  void close() { is_lost_ = true; }
  /// The connection has ended, or failed: whoever owns this shall destroy it.
  [[nodiscard]] bool is_lost() const { return is_lost_; }
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

  std::uint16_t version = 0;     ///< agreed; 0: no hello yet
  clock::time_point hello_until; ///< a connection that is silent is closed then

private:
  struct parcel {
    std::string bytes;
    std::vector<shared_descriptor> descriptors;
  };

  void push(std::string_view bytes, std::vector<shared_descriptor> descriptors);
  bool send_now(const parcel& what);

  event_loop& loop_;
  descriptor socket_;
  event_loop::watch watch_{};
  std::deque<parcel> queue_;
  std::optional<clock::time_point> retry_at_;
  bool is_lost_ = false;
};

} // namespace roost::keeper
