#pragma once

#include "actors/connection/client_address.hpp"
#include "actors/connection/http_types.hpp"
#include "actors/connection/pool_desk.hpp"
#include "actors/runtime/config.hpp"
#include "actors/runtime/random.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace roost::connection {

/// The limits that the configuration sets.
pool_limits pool_limits_of(const connections_config& settings);

/// Decides who comes in and says it in HTTP: finds out who a client is (trusted proxies), asks the
/// desk for a place, and words the refusals, each with a Retry-After that differs from client to
/// client so that they do not come back together. No sockets; any thread.
class reception {
public:
  using evictor = std::function<void(const std::vector<place_id>&)>;

  /// @param random thread-safe. @param evict closes connections that lost their places.
  reception(std::shared_ptr<pool_desk> desk, trusted_proxies proxies, bool has_proxy_headers,
            random_source& random, evictor evict);

  /// A socket was accepted. @param address its peer, or nothing on the Unix socket.
  pool_desk::answer welcome(const std::optional<std::string>& address);
  /// What counts as one client; empty for a trusted proxy, which speaks for many.
  [[nodiscard]] std::string key_of(const std::string& address) const;
  /// Whether the peer's connections begin with a PROXY header.
  [[nodiscard]] bool expects_proxy_header(std::string_view address) const;

  [[nodiscard]] std::string client_of(const std::string& peer, const http_headers& headers) const;
  /// As those of http_service.
  std::optional<http_response> identify(const place& claim, const std::string& client);
  std::optional<http_response> represent(const place& claim, const std::string& peer,
                                         const http_request& request);
  std::variant<place, http_response> reserve(const http_request& request);
  [[nodiscard]] std::optional<http_response> foresee(const http_request& request) const;

  /// 429 or 503 with Retry-After. @param retry_after when it is known.
  [[nodiscard]] http_response refuse(refusal why, std::chrono::milliseconds retry_after,
                                     const std::string& correlation) const;

  [[nodiscard]] pool_desk& desk() const { return *desk_; }
  [[nodiscard]] connection_totals& totals() const { return desk_->totals(); }

private:
  const std::shared_ptr<pool_desk> desk_;
  const trusted_proxies proxies_;
  const bool has_proxy_headers_;
  random_source& random_;
  const evictor evict_;
};

} // namespace roost::connection
