#pragma once

#include "actors/connection/principal.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::connection {

/// One HTTP request after the checks that concern every request: size, Host, Origin, credential.
/// Knows neither Beast nor CAF, so that handlers and their parsers can be tested and fuzzed alone.
struct http_request {
  std::string method; ///< upper case
  std::string path;   ///< percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query; ///< percent-decoded, in order
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string body;
  std::string correlation; ///< 32 hex digits: the W3C trace id
  principal who;
  bool is_local = false; ///< came over the Unix socket

  /// The first header with this lower-case name, or an empty view.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The first query parameter with this name, or nullptr.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
};

struct http_response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// Delivers exactly one response; dropping the last copy unanswered sends a 500 problem, so that no
/// client ever waits for nothing. May be kept and called later, from any thread.
class responder {
public:
  using sink = std::function<void(http_response)>;
  explicit responder(sink to);
  /// The first call wins; later ones are ignored.
  void send(http_response answer) const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace roost::connection
