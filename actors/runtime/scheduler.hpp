#pragma once

#include "actors/runtime/io_threads.hpp"

#include <caf/actor_system_config.hpp>

#include <boost/asio/io_context.hpp>

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

} // namespace roost::runtime
