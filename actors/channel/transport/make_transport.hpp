#pragma once

#include "actors/channel/transport/transport.hpp"
#include "actors/runtime/config_channels.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace roost::channel {

/// The transport that the configuration asks for, stopped. `max_answer`: bytes of one message;
/// `name_for_log`: the channel's; `seed`: of the jitter between restarts. Takes a copy of the
/// process's environment: call it while no other thread changes that.
std::shared_ptr<transport> make_transport(boost::asio::io_context& io,
                                          const transport_config& config, std::uint64_t max_answer,
                                          const std::string& name_for_log, std::uint64_t seed);

} // namespace roost::channel
