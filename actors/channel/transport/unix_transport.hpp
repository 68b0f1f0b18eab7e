#pragma once

#include "actors/channel/transport/stream_transport.hpp"
#include "actors/runtime/config_channels.hpp"

#include <string>

namespace roost::channel {

/// A Unix socket that somebody else listens at; one message to a line. One connection, made at the
/// first request and again at the first one after it ended: connecting to a Unix socket never
/// waits. `restart` ends the connection.
class unix_transport final : public stream_transport {
public:
  unix_transport(boost::asio::io_context& io, const transport_config& config,
                 std::uint64_t max_answer, const std::string& name)
      : stream_transport(io, max_answer, name), path_(config.path) {}

private:
  std::optional<trouble> open() override;
  void shut() override { stopped(); }

  std::string path_;
};

} // namespace roost::channel
