#pragma once

#include "actors/runtime/io_threads.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <boost/asio/io_context.hpp>

#include <utility>

namespace roost::runtime {

/// The configuration of the actor system, with the io_context whose threads run the actors.
/// Every roost program that has actors starts its system with this type.
class system_config : public caf::actor_system_config {
public:
  /// @param io lives longer than the actor system, and its threads run until the system is
  /// destroyed.
  /// @param max_throughput messages that one actor handles before others get their turn.
  explicit system_config(boost::asio::io_context& io, std::size_t max_throughput = 50);
  /// @param place names the context that a ready actor runs on; called on the thread that made it
  /// ready.
  explicit system_config(io_place place, std::size_t max_throughput = 50);

  [[nodiscard]] const io_place& place() const { return place_; }
  [[nodiscard]] std::size_t max_throughput() const { return max_throughput_; }

private:
  io_place place_;
  std::size_t max_throughput_;
};

/// While one exists, actors that become ready on this thread are kept for its end, and then run
/// inside its destructor: a bounded number, the others later as usual. An inner one does nothing.
class run_at_end {
public:
  run_at_end();
  ~run_at_end();
  run_at_end(const run_at_end&) = delete;
  run_at_end& operator=(const run_at_end&) = delete;

private:
  bool is_outer_;
};

/// Sends a message to an actor from the completion handler of an I/O operation, and runs the actor
/// at once if it was idle, and those it sends to in turn: a keystroke gets from the socket to the
/// program, and its echo back, without a look at every other descriptor at each step. Call it last,
/// on one of the I/O threads, with no lock held: the actors may call whoever calls this.
template <class Handle, class Message>
void hand_over(const Handle& to, Message message) {
  const run_at_end scope;
  caf::anon_send(to, std::move(message));
}

} // namespace roost::runtime
