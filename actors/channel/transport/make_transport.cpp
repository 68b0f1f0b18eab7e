#include "actors/channel/transport/make_transport.hpp"

#include "actors/channel/transport/http_transport.hpp"
#include "actors/channel/transport/stdio_transport.hpp"
#include "actors/channel/transport/unix_transport.hpp"

namespace roost::channel {

std::shared_ptr<transport> make_transport(boost::asio::io_context& io,
                                          const transport_config& config, std::uint64_t max_answer,
                                          const std::string& name_for_log, std::uint64_t seed) {
  switch (config.kind) {
  case transport_kind::unix_socket:
    return std::make_shared<unix_transport>(io, config, max_answer, name_for_log);
  case transport_kind::http:
    return std::make_shared<http_transport>(io, config, max_answer, name_for_log);
  case transport_kind::stdio:
    break;
  }
  return std::make_shared<stdio_transport>(io, config, max_answer, name_for_log, seed);
}

} // namespace roost::channel
