#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apps/roost/outcome.hpp"

namespace roost::cli {

/// How the server is spoken to.
enum class transport_kind : std::uint8_t { unix_socket, tcp, tls };

/// Where the server is. A token that came in the URL's fragment (as `roost url` prints it) is kept
/// beside it and never sent as part of an address.
struct server_address {
  transport_kind kind = transport_kind::unix_socket;
  std::string path;       ///< of the socket, with unix_socket
  std::string host;       ///< a name or an address without brackets, with tcp and tls
  std::uint16_t port = 0; ///< with tcp and tls
  std::string token;      ///< from `#token=…`; may be empty

  /// For people: "unix:/run/api.sock", "http://[::1]:7680".
  [[nodiscard]] std::string shown() const;
  /// The Host header's value: "127.0.0.1:7680"; "localhost" on a Unix socket.
  [[nodiscard]] std::string host_header() const;
  /// True if the server surely shares this machine's files: a Unix socket or a loopback address.
  [[nodiscard]] bool is_local() const;
};

/// Looks a variable up; tests hand in a map.
using environment = std::function<std::optional<std::string>(std::string_view name)>;

/// Reads `http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:PATH`. Failures have exit status 2.
outcome<server_address> parse_server_address(std::string_view url);

/// The server of this call: `--server`, else ROOST_SERVER, else the socket in the data dir
/// (ROOST_DATA_DIR, $XDG_STATE_HOME/roost, ~/.local/state/roost).
outcome<server_address> choose_server(const std::optional<std::string>& flag,
                                      const environment& env);

} // namespace roost::cli
