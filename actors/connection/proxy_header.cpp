#include "actors/connection/proxy_header.hpp"

#include <arpa/inet.h>

#include <array>

namespace roost::connection {

namespace {

using namespace std::string_view_literals;

constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;
static_assert(signature.size() == 12);
constexpr std::size_t fixed_size = 16;

constexpr unsigned version = 2;
// Commands: 0 is the proxy's own connection, 1 one on behalf of a client.
constexpr unsigned proxied = 1;
// Address families: 0 is unspecified, 3 a Unix socket and the last.
constexpr unsigned inet = 1;
constexpr unsigned inet6 = 2;
constexpr unsigned last_family = 3;
// Transports: 0 is unspecified, 1 a stream, 2 datagrams (QUIC at the proxy) and the last.
constexpr unsigned no_transport = 0;
constexpr unsigned last_transport = 2;
// Source and destination, then a port for each.
constexpr std::size_t inet_size = 2 * 4 + 2 * 2;
constexpr std::size_t inet6_size = 2 * 16 + 2 * 2;

proxy_header bad(std::string_view why) {
  proxy_header reading;
  reading.is = proxy_header::outcome::bad;
  reading.why = why;
  return reading;
}

unsigned byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::string source_of(std::string_view addresses, unsigned of_family) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(of_family == inet ? AF_INET : AF_INET6, addresses.data(), out.data(), out.size());
  return out.data();
}

} // namespace

proxy_header read_proxy_header(std::string_view bytes) {
  if (!bytes.starts_with(signature.substr(0, bytes.size())))
    return bad("no PROXY protocol header of version 2; let the proxy send one (HAProxy: "
               "send-proxy-v2), or set connections.proxy_protocol: false");
  if (bytes.size() < fixed_size)
    return {};

  const auto command = byte_at(bytes, 12) & 0xfU;
  if (byte_at(bytes, 12) >> 4U != version || command > proxied)
    return bad("a PROXY header with an unknown version or command");
  const auto family = byte_at(bytes, 13) >> 4U;
  const auto transport = byte_at(bytes, 13) & 0xfU;
  // What the proxy says of its own connection is to be ignored, even if it makes no sense.
  if (command == proxied && (family > last_family || transport > last_transport))
    return bad("a PROXY header with an unknown address family or transport");
  const std::size_t length = byte_at(bytes, 14) << 8U | byte_at(bytes, 15);
  if (fixed_size + length > max_proxy_header)
    return bad("a PROXY header of more than 552 bytes");
  const bool has_address =
      command == proxied && transport != no_transport && (family == inet || family == inet6);
  if (has_address && length < (family == inet ? inet_size : inet6_size))
    return bad("a PROXY header that is too short for its addresses");
  if (bytes.size() < fixed_size + length)
    return {};

  proxy_header reading;
  reading.is = proxy_header::outcome::done;
  reading.size = fixed_size + length;
  if (has_address)
    reading.source = source_of(bytes.substr(fixed_size, length), family);
  return reading;
}

} // namespace roost::connection
