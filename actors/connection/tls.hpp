#pragma once

#include "actors/runtime/config.hpp"
#include "actors/runtime/result.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace roost::connection {

/// The server's side of TLS 1.2 and newer, with ALPN `http/1.1`. Shared by all connections; a
/// reload makes a new one and leaves the old to the connections that use it. Sessions are resumed
/// by tickets, not by a cache, so memory does not grow with strangers.
using tls_context = std::shared_ptr<boost::asio::ssl::context>;

/// Loads certificate chain and key. setup_error::tls_unusable names the configuration key
/// (tls.certificate, tls.key) and what is wrong with the file.
result<tls_context> make_tls_context(const tls_config& settings);

} // namespace roost::connection
