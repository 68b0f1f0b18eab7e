#pragma once

#include "actors/connection/pool_desk.hpp"
#include "actors/connection/principal.hpp"
#include "actors/connection/socket.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

#include <functional>
#include <memory>
#include <string>

namespace roost::connection {

/// A WebSocket upgrade that passed every check (Host, Origin, credential, version, subprotocol
/// roost.v1): what the WebSocket's owner needs to send the 101 and go on. The response must select
/// the subprotocol and carry X-Correlation-Id.
struct ws_handoff {
  client_socket socket; ///< no operation is pending on it
  boost::beast::http::request<boost::beast::http::empty_body> request;
  boost::beast::flat_buffer leftover; ///< bytes that came right behind the request: usually none
  principal who;
  std::string correlation; ///< 32 hex digits: the W3C trace id of the upgrade request
  std::string address;     ///< the client for people: `192.0.2.7`, or `unix`
  bool is_local = false;   ///< came over the Unix socket
  place claim;             ///< reserved: commit it with the 101, keep it while the socket is open
};

/// Takes an upgrade over. Called once per upgrade, on the socket's thread; must not block.
using ws_callback = std::function<void(ws_handoff)>;

} // namespace roost::connection
