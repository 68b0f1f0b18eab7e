#pragma once

#include "actors/runtime/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::connection {

/// HOST or HOST:PORT as in a Host header or an Origin. Compared whole and exactly: a prefix or a
/// suffix of a name is another name.
struct authority {
  std::string host; ///< lower case; an address in its one canonical form, no brackets
  std::optional<std::uint16_t> port; ///< nothing when it was not written

  friend bool operator==(const authority&, const authority&) = default;
};

/// Reads an authority. Nothing for user info, an empty or badly written port, IPv6 without
/// brackets, characters that no name has, or a trailing dot (`localhost.` is another name to a
/// browser's origin check, so it is another name here).
std::optional<authority> parse_authority(std::string_view text);

enum class url_scheme : std::uint8_t { http, https };

/// Scheme, host and port: what browsers call an origin.
struct origin {
  url_scheme scheme = url_scheme::http;
  std::string host;
  std::uint16_t port = 80;

  friend bool operator==(const origin&, const origin&) = default;
};

/// Reads `scheme://host[:port]` and nothing more: no path (not even "/"), query or user info, and
/// not `null`. The default port of the scheme is filled in.
std::optional<origin> parse_origin(std::string_view text);

/// `https://example.org:8443`; the scheme's default port is left out.
std::string to_string(const origin& value);

/// Decides which names the server answers to (against DNS rebinding) and which pages may use a
/// browser's login (against cross-site requests; on a terminal server each would be remote code
/// execution). Immutable after creation, so safe on any thread.
class origin_policy {
public:
  struct settings {
    std::string listen_host;                ///< a name or an address without brackets
    url_scheme scheme = url_scheme::http;   ///< https when the listener speaks TLS
    std::vector<std::string> allowed_hosts; ///< `name` for any port, or `name:port`
    std::vector<std::string> allowed_origins;
  };

  /// Refuses an entry that could never match (setup_error::bad_configuration, naming the key).
  static result<origin_policy> make(const settings& wanted);

  /// The Host header's authority, if the server answers to it: the listen address, a loopback name,
  /// the address that the connection came in on, or an allowed host. The port is not compared
  /// unless an allowed host names one, since port forwarding changes it and rebinding does not
  /// depend on it.
  /// @param local_address this end of the connection, numeric without brackets.
  [[nodiscard]] result<authority> check_host(std::string_view host_header,
                                             std::string_view local_address) const;

  /// Whether `value` (an Origin header) is the server's own origin under this Host, or an allowed
  /// one.
  [[nodiscard]] bool is_allowed_origin(std::string_view value, const authority& host) const;

private:
  url_scheme scheme_ = url_scheme::http;
  std::vector<authority> hosts_;
  std::vector<origin> origins_;
};

} // namespace roost::connection
