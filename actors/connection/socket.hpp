#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
// Beast's close handshakes ("teardown") for the two kinds of socket: the first header has them for
// every basic_stream_socket, whatever its protocol and executor; the second for TLS on top of one.
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <memory>
#include <string>
#include <variant>

namespace roost::connection {

/// The executor of one connection: its io_context, which one thread runs (runtime::io_threads), so
/// that a connection needs no strand and no lock. A concrete type, not any_io_executor: it is on
/// the path of every byte, and the type-erased one costs a virtual call and a copy of three words
/// for each of the handlers that Asio and Beast compose.
using connection_executor = boost::asio::io_context::executor_type;

/// A connected stream socket of any family: TCP over IPv4 or IPv6, or Unix. One type, so that
/// everything above it (TLS, HTTP, WebSocket) is compiled once and works the same over each.
using plain_socket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, connection_executor>;

/// TLS over a plain_socket. Kept behind a pointer where it is stored: its engine is large, and
/// asynchronous operations hold its address.
using tls_stream = boost::asio::ssl::stream<plain_socket>;

/// An accepted client, before and after HTTP has looked at it. After the WebSocket upgrade its
/// owner is the WebSocket. Never empty unless moved from.
using client_socket = std::variant<plain_socket, std::unique_ptr<tls_stream>>;

/// The socket under the encryption, for options, peer addresses and closing.
inline plain_socket& plain(client_socket& socket) {
  if (auto* bare = std::get_if<plain_socket>(&socket))
    return *bare;
  return std::get<std::unique_ptr<tls_stream>>(socket)->next_layer();
}

/// Where every operation on this socket runs.
inline connection_executor executor_of(client_socket& socket) {
  return plain(socket).get_executor();
}

} // namespace roost::connection
