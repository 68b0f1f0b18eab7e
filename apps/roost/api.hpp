#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "apps/roost/http_client.hpp"
#include "apps/roost/outcome.hpp"
#include "apps/roost/server_address.hpp"

namespace roost::cli {

/// The server's HTTP API as the verbs use it. Every call blocks; a refusal of the server becomes a
/// failure with the exit status that the table of errors gives it.
class api {
public:
  api(server_address address, std::string token)
      : address_(std::move(address)), token_(std::move(token)) {}

  [[nodiscard]] const server_address& address() const noexcept { return address_; }
  [[nodiscard]] const std::string& token() const noexcept { return token_; }

  /// Sends `request` as it is; any status below 400 is an answer.
  outcome<http_response> send(const http_request& request) const;

  /// GET, POST, … with an optional JSON body; `path` is below /api/v1. An answer without a JSON
  /// object is an empty object.
  outcome<boost::json::object>
  call(std::string_view method, std::string_view path,
       const std::optional<boost::json::object>& body = std::nullopt,
       std::chrono::milliseconds patience = std::chrono::seconds(30)) const;

  /// The session that `word` means (id, title or start of the id), as the server shows it.
  outcome<boost::json::object> find_session(std::string_view word) const;
  /// Its id alone.
  outcome<std::string> find_session_id(std::string_view word) const;

private:
  server_address address_;
  std::string token_;
};

} // namespace roost::cli
