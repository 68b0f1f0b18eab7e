#pragma once

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

  [[nodiscard]] boost::asio::io_context& io() const { return io_; }
  [[nodiscard]] std::size_t max_throughput() const { return max_throughput_; }

private:
  boost::asio::io_context& io_;
  std::size_t max_throughput_;
};

} // namespace roost::runtime
