#pragma once

#include "protocols/errors.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace roost::connection {

/// Why a client was turned away before it had any state. A closed list: each is a label of
/// `roost_connections_refused_total` and a key of `refused` in `GET /connections`.
enum class refusal : std::uint8_t {
  none,
  draining,       ///< the server shuts down
  handshake_rate, ///< this address opens connections too fast and does not use them
  handshakes,     ///< too many connections have not shown a request yet
  address_http,   ///< this address has its share of plain HTTP connections
  http,           ///< all plain HTTP connections are taken and busy
  address,        ///< this address has its share of WebSockets
  user,           ///< this token has its share of WebSockets
  capacity,       ///< all WebSockets are taken
  local,          ///< all places of the Unix socket are taken
  proxy_header,   ///< a trusted proxy sent no valid PROXY header
  host,           ///< the Host header names another server
  origin,         ///< another page asked
  credential,     ///< no credential, or a wrong one
  login,          ///< too many wrong credentials came from this address
  handshake,      ///< the WebSocket handshake itself is wrong
};

inline constexpr std::size_t refusals = 16;

/// `capacity`, `address_http` …: the word in documents and labels.
constexpr std::string_view to_string(refusal why) {
  constexpr std::array<std::string_view, refusals> names = {
      "none",    "draining",   "handshake_rate", "handshakes", "address_http", "http",
      "address", "user",       "capacity",       "local",      "proxy_header", "host",
      "origin",  "credential", "login",          "handshake"};
  return names[static_cast<std::size_t>(why)];
}

/// What a client is told: who asks for too much gets 429, whom there is no room for 503.
inline failure failure_of(refusal why) {
  switch (why) {
  case refusal::draining:
    return request_error::shutting_down;
  case refusal::handshake_rate:
    return {request_error::rate_limited, "this address opens connections faster than it uses them"};
  case refusal::address_http:
    return {request_error::rate_limited, "this address has its share of HTTP connections"};
  case refusal::address:
    return {request_error::rate_limited, "this address has its share of WebSockets"};
  case refusal::user:
    return {request_error::rate_limited, "this token has its share of WebSockets"};
  default:
    return request_error::at_capacity;
  }
}

} // namespace roost::connection
