#pragma once

#include <chrono>
#include <functional>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include "apps/roost/outcome.hpp"
#include "apps/roost/server_address.hpp"

namespace roost::cli {

/// One socket type for TCP and for Unix sockets, so that HTTP and WebSocket are compiled once.
using stream_socket = boost::asio::generic::stream_protocol::socket;

/// Connects to `address` (for TLS: the TCP part) and calls `done` exactly once, never from within
/// this call, with the open socket or a failure of exit status 3. Gives up after `patience`. The
/// context must outlive the call; single thread.
void open_socket(boost::asio::io_context& io, const server_address& address,
                 std::chrono::milliseconds patience,
                 std::function<void(outcome<stream_socket>)> done);

/// A client context that trusts the system's certificates (SSL_CERT_FILE and SSL_CERT_DIR count).
boost::asio::ssl::context make_tls_context();

/// The failure for a server that cannot be talked to, with what `error` suggests doing.
command_failure unreachable(const server_address& address, const boost::system::error_code& error);

} // namespace roost::cli
