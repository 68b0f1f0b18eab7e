#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/roost/outcome.hpp"
#include "apps/roost/server_address.hpp"

namespace roost::cli {

/// One request of the HTTP API.
struct http_request {
  std::string method = "GET";
  std::string target; ///< path and query, already encoded
  std::string body = {};
  std::string content_type = {};
  std::chrono::milliseconds patience{30'000}; ///< for everything, from connecting to the last byte
  std::uint64_t body_max = 64ULL << 20U;      ///< bytes of the answer; more are refused
};

/// Its answer, whatever the status.
struct http_response {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;

  /// The header's value, or "" (names are compared without case).
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// Sends one request on a connection of its own and waits for the answer. Blocks the calling thread
/// for at most `patience`. Failures have exit status 3. It is held in memory.
outcome<http_response> send_request(const server_address& address, const std::string& token,
                                    const http_request& request);

/// `text` for a query string or a path segment: all but unreserved characters become %XX.
std::string percent_encoded(std::string_view text);

} // namespace roost::cli
