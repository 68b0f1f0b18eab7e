#pragma once

#include "actors/connection/audit_trail.hpp"
#include "actors/connection/data_dir.hpp"
#include "actors/connection/http_stream.hpp"
#include "actors/connection/http_types.hpp"
#include "actors/connection/pool_desk.hpp"
#include "actors/connection/static_assets.hpp"
#include "actors/connection/token_store.hpp"
#include "actors/connection/ws_handoff.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/config.hpp"
#include "actors/runtime/random.hpp"
#include "actors/runtime/result.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace roost::connection {

/// What a server needs. The references outlive it.
struct server_options {
  boost::asio::io_context& io; ///< one thread runs it, as every one that `place` names
  const config& settings;      ///< listen, tls, connections; read during `start` only
  data_dir& data;
  token_store& tokens;
  http_handler api;         ///< everything under /api/, /healthz, /readyz, /metrics
  ws_callback on_websocket; ///< admitted upgrades of /ws
  const clock& time = system_clock::instance();
  random_source& random = os_random::instance(); ///< thread-safe
  std::span<const asset> files = embedded_assets();
  /// Names the io_context for each accepted socket; empty: all on `io`.
  std::function<boost::asio::io_context&()> place = {};
  http_limits limits = {}; ///< handshake and write timeouts are taken from `settings`
  /// Who may come in, shared with who watches over the connections; empty: one of its own.
  std::shared_ptr<pool_desk> desk = {};
  std::shared_ptr<audit_trail> audit = {}; ///< where sign-ins are written down; null: nowhere
};

/// The HTTP side of a node: listens on TCP (with or without TLS) and on the Unix socket, checks who
/// asks, serves the UI, the login and the logout, and hands everything else on. It owns the HTTP
/// connections; a WebSocket belongs to whoever took it over. No CAF; may be used from any thread,
/// with the callbacks on the connections' threads.
class server {
public:
  explicit server(server_options options);
  /// As `stop`.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Loads the TLS files, binds both listeners and accepts from now on. On failure nothing listens.
  result<void> start();

  /// The TCP port that is really listened on.
  [[nodiscard]] std::uint16_t port() const;
  /// `http://127.0.0.1:7680`: how to reach it from this machine, or by the configured name.
  [[nodiscard]] std::string base_url() const;
  /// The URL that logs a browser in: `http://127.0.0.1:7680/#token=…`.
  [[nodiscard]] result<std::string> login_url() const;

  /// Closes the listeners; open connections go on.
  void stop_accepting();
  /// Stops accepting, lets answers in hand finish and ends open-ended ones; cuts what is left after
  /// `limit`. `done` is called once, when no HTTP connection is left, on some thread of the
  /// io_context. WebSockets are not counted.
  void drain(std::chrono::milliseconds limit, std::function<void()> done);
  /// Cuts every HTTP connection and closes the listeners. Idempotent.
  void stop();

  /// Clients that the kernel keeps away for a flood: now, and since the start.
  struct bans {
    std::uint64_t now = 0;
    std::uint64_t total = 0;
  };
  [[nodiscard]] bans banned() const;

  /// HTTP connections now, of both listeners; those that became WebSockets not counted.
  [[nodiscard]] std::size_t http_connections() const;

private:
  class core;
  std::shared_ptr<core> core_;
};

} // namespace roost::connection
