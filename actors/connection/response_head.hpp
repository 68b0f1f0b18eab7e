#pragma once

#include "actors/connection/http_types.hpp"
#include "actors/runtime/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace roost::connection {

/// How the client can tell where a response's body ends.
enum class body_framing : std::uint8_t {
  length,  ///< Content-Length
  chunked, ///< Transfer-Encoding: chunked
  close,   ///< the end of the connection (HTTP/1.0)
};

/// Whether the connection stays for another request.
enum class connection_fate : std::uint8_t { keep, close };

struct head_facts {
  body_framing framing = body_framing::length;
  connection_fate fate = connection_fate::keep;
  int http_version = 11; ///< of the request: 10 or 11
  std::string_view correlation;
  wall_time now;
};

/// The status line and headers of a response, ended by the empty line. Adds Date, framing,
/// Connection, X-Correlation-Id and, unless the answer brings its own policy, the security headers
/// of non-UI responses. A handler's own Content-Length, Transfer-Encoding, Connection and Date are
/// left out, as is any header whose name or value has characters that could end a line. Pure.
std::string render_head(const http_response& answer, const head_facts& facts);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
std::string http_date(wall_time when);

/// Whether a response with this status may have a body at all.
bool may_have_body(unsigned status);

} // namespace roost::connection
