#include "apps/roost/server_address.hpp"

#include <charconv>

namespace roost::cli {

namespace {

constexpr std::string_view forms = "use http://HOST:PORT, https://HOST:PORT or unix:PATH";

constexpr std::size_t socket_path_max = 107; // sun_path of sockaddr_un, without its final NUL

command_failure bad_server(std::string_view url, std::string what) {
  // The fragment may hold a token, and messages end up in logs.
  return usage_failure(std::move(what), std::string(url.substr(0, url.find('#'))),
                       std::string(forms));
}

outcome<server_address> socket_at(std::string path) {
  if (path.size() > socket_path_max)
    return usage_failure("the socket's path is too long", path,
                         "a Unix socket's path has at most 107 bytes; choose a shorter data dir");
  server_address address;
  address.kind = transport_kind::unix_socket;
  address.path = std::move(path);
  return address;
}

} // namespace

std::string server_address::shown() const {
  if (kind == transport_kind::unix_socket)
    return "unix:" + path;
  return (kind == transport_kind::tls ? "https://" : "http://") + host_header();
}

std::string server_address::host_header() const {
  if (kind == transport_kind::unix_socket)
    return "localhost";
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool server_address::is_local() const {
  return kind == transport_kind::unix_socket || host == "localhost" || host == "::1" ||
         host.starts_with("127.");
}

outcome<server_address> parse_server_address(std::string_view url) {
  if (url.starts_with("unix:")) {
    auto path = url.substr(5);
    if (path.starts_with("//"))
      path.remove_prefix(2);
    if (path.empty())
      return bad_server(url, "the server's address has no path");
    return socket_at(std::string(path));
  }
  server_address address;
  std::string_view rest;
  if (url.starts_with("http://")) {
    address.kind = transport_kind::tcp;
    address.port = 80;
    rest = url.substr(7);
  } else if (url.starts_with("https://")) {
    address.kind = transport_kind::tls;
    address.port = 443;
    rest = url.substr(8);
  } else {
    return bad_server(url, "the server's address is not understood");
  }
  if (const auto hash = rest.find('#'); hash != std::string_view::npos) {
    const auto fragment = rest.substr(hash + 1);
    if (!fragment.starts_with("token=") || fragment.size() == 6)
      return bad_server(url, "the server's address has a fragment other than #token=…");
    address.token = fragment.substr(6);
    rest = rest.substr(0, hash);
  }
  if (rest.ends_with('/'))
    rest.remove_suffix(1);
  if (rest.find_first_of("/?@ ") != std::string_view::npos)
    return bad_server(url, "the server's address may only have a host and a port");
  auto host = rest;
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == std::string_view::npos)
      return bad_server(url, "the server's address lacks a ]");
    host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    host = rest.substr(0, colon);
    port = rest.substr(colon);
    if (host.find(':') != std::string_view::npos)
      return bad_server(url, "an IPv6 address needs brackets");
  }
  if (host.empty())
    return bad_server(url, "the server's address has no host");
  address.host = host;
  if (!port.empty()) {
    const auto digits = port.substr(1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (port[0] != ':' || error != std::errc{} || end != digits.data() + digits.size() ||
        number == 0 || number > 65535)
      return bad_server(url, "the server's port is not a number from 1 to 65535");
    address.port = static_cast<std::uint16_t>(number);
  }
  return address;
}

outcome<server_address> choose_server(const std::optional<std::string>& flag,
                                      const environment& env) {
  const auto set = [&](std::string_view name) -> std::optional<std::string> {
    auto value = env(name);
    return value && !value->empty() ? value : std::nullopt;
  };
  if (flag)
    return parse_server_address(*flag);
  if (const auto url = set("ROOST_SERVER"))
    return parse_server_address(*url);
  if (const auto dir = set("ROOST_DATA_DIR"))
    return socket_at(*dir + "/api.sock");
  if (const auto state = set("XDG_STATE_HOME"))
    return socket_at(*state + "/roost/api.sock");
  if (const auto home = set("HOME"))
    return socket_at(*home + "/.local/state/roost/api.sock");
  return usage_failure("there is no way to tell where the server is", "HOME is not set",
                       "give --server or set ROOST_DATA_DIR");
}

} // namespace roost::cli
