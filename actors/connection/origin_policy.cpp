#include "actors/connection/origin_policy.hpp"

#include "actors/connection/encoding.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace roost::connection {

namespace {

constexpr std::size_t max_host = 255;

std::optional<std::string> canonical_v6(std::string_view text) {
  // inet_pton reads up to a NUL: "::1\0.evil" must not pass for ::1.
  if (text.find('\0') != std::string_view::npos)
    return std::nullopt;
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), &address) != 1 ||
      inet_ntop(AF_INET6, &address, out.data(), out.size()) == nullptr)
    return std::nullopt;
  return std::string(out.data());
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

std::optional<std::string> canonical_name(std::string_view text) {
  auto name = to_lower(text);
  if (name.empty() || name.size() > max_host || name.front() == '.' || name.back() == '.' ||
      !std::all_of(name.begin(), name.end(), is_name_character))
    return std::nullopt;
  return name;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || port == 0)
    return std::nullopt;
  return port;
}

/// A host as the configuration writes it: addresses come without brackets.
std::optional<std::string> canonical_host(std::string_view text) {
  return text.find(':') != std::string_view::npos ? canonical_v6(text) : canonical_name(text);
}

std::uint16_t default_port(url_scheme scheme) { return scheme == url_scheme::https ? 443 : 80; }

} // namespace

std::optional<authority> parse_authority(std::string_view text) {
  std::optional<std::string> host;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos)
      return std::nullopt;
    host = canonical_v6(text.substr(1, end - 1));
    rest = text.substr(end + 1);
  } else {
    const auto end = std::min(text.find(':'), text.size());
    host = canonical_name(text.substr(0, end));
    rest = text.substr(end);
  }
  if (!host)
    return std::nullopt;
  if (rest.empty())
    return authority{std::move(*host), std::nullopt};
  if (rest.front() != ':')
    return std::nullopt;
  const auto port = parse_port(rest.substr(1));
  if (!port)
    return std::nullopt;
  return authority{std::move(*host), port};
}

std::optional<origin> parse_origin(std::string_view text) {
  constexpr std::string_view http = "http://";
  constexpr std::string_view https = "https://";
  origin value;
  if (text.starts_with(https)) {
    value.scheme = url_scheme::https;
    text.remove_prefix(https.size());
  } else if (text.starts_with(http)) {
    text.remove_prefix(http.size());
  } else {
    return std::nullopt;
  }
  auto where = parse_authority(text);
  if (!where)
    return std::nullopt;
  value.host = std::move(where->host);
  value.port = where->port.value_or(default_port(value.scheme));
  return value;
}

std::string to_string(const origin& value) {
  const bool is_v6 = value.host.find(':') != std::string::npos;
  auto text = fmt::format("{}://{}{}{}", value.scheme == url_scheme::https ? "https" : "http",
                          is_v6 ? "[" : "", value.host, is_v6 ? "]" : "");
  if (value.port != default_port(value.scheme))
    text += fmt::format(":{}", value.port);
  return text;
}

result<origin_policy> origin_policy::make(const settings& wanted) {
  origin_policy policy;
  policy.scheme_ = wanted.scheme;
  for (const auto* name : {"localhost", "127.0.0.1", "::1"})
    policy.hosts_.push_back({name, std::nullopt});
  // A wildcard address is not a name that anybody asks for; canonical_host of "*" is nothing.
  if (auto host = canonical_host(wanted.listen_host); host && *host != "0.0.0.0" && *host != "::")
    policy.hosts_.push_back({std::move(*host), std::nullopt});

  for (std::size_t i = 0; i < wanted.allowed_hosts.size(); ++i) {
    const auto& text = wanted.allowed_hosts[i];
    auto host = parse_authority(text);
    if (!host)
      return failure(setup_error::bad_configuration,
                     fmt::format("connections.allowed_hosts[{}]: '{}' is not HOST or HOST:PORT; "
                                 "write it without scheme and path, IPv6 in brackets",
                                 i, text));
    policy.hosts_.push_back(std::move(*host));
  }
  for (std::size_t i = 0; i < wanted.allowed_origins.size(); ++i) {
    const auto& text = wanted.allowed_origins[i];
    auto value = parse_origin(to_lower(text));
    if (!value)
      return failure(setup_error::bad_configuration,
                     fmt::format("connections.allowed_origins[{}]: '{}' is not an origin; write it "
                                 "like https://example.org or https://example.org:8443",
                                 i, text));
    policy.origins_.push_back(std::move(*value));
  }
  return policy;
}

result<authority> origin_policy::check_host(std::string_view host_header,
                                            std::string_view local_address) const {
  auto host = parse_authority(host_header);
  if (!host)
    return failure(request_error::host_refused, "the Host header is not HOST or HOST:PORT");
  const auto matches = [&](const authority& known) {
    return known.host == host->host && (!known.port || known.port == host->port);
  };
  if (std::any_of(hosts_.begin(), hosts_.end(), matches))
    return std::move(*host);
  if (const auto here = canonical_host(local_address); here && *here == host->host)
    return std::move(*host);
  return failure(request_error::host_refused,
                 fmt::format("'{}' is not a name of this server; if it should be, add it to "
                             "connections.allowed_hosts",
                             host->host));
}

bool origin_policy::is_allowed_origin(std::string_view value, const authority& host) const {
  const auto asked = parse_origin(value);
  if (!asked)
    return false;
  const origin own{scheme_, host.host, host.port.value_or(default_port(scheme_))};
  return *asked == own || std::find(origins_.begin(), origins_.end(), *asked) != origins_.end();
}

} // namespace roost::connection
