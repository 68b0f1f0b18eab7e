#include "actors/connection/request_gate.hpp"

#include "actors/connection/encoding.hpp"
#include "protocols/wire/roost_v1.hpp"

#include <algorithm>

namespace roost::connection {

namespace {

constexpr std::size_t usual_body = std::size_t{1} << 20;
constexpr std::size_t open_body = std::size_t{4} << 10; // a login: one token
constexpr std::string_view version_header = "sec-websocket-version";

std::size_t count(const http_request& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const auto& header) { return header.first == name; }));
}

bool is_under(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

/// Everything else is public: the UI's files, the login itself, health.
bool needs_credential(std::string_view path) {
  return is_under(path, "/api") || is_under(path, "/ws") || is_under(path, "/metrics");
}

bool changes_state(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

bool is_token68(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

failure no_credential() {
  return failure(
      request_error::unauthenticated,
      "send 'Authorization: Bearer TOKEN', or log in with the URL that 'roost url' prints");
}

failure refused_page(const http_request& request) {
  const auto origin = request.header("origin");
  if (origin.empty())
    return failure(request_error::origin_refused,
                   "a request with a login cookie needs an Origin header that is allowed");
  return failure(request_error::origin_refused,
                 "'" + std::string(origin.substr(0, 200)) +
                     "' is not this server's own origin; if it should be allowed, add it to "
                     "connections.allowed_origins");
}

} // namespace

std::optional<std::string_view> parse_bearer(std::string_view header) {
  constexpr std::string_view scheme = "bearer";
  header = trim(header);
  if (header.size() <= scheme.size() || header[scheme.size()] != ' ' ||
      !equals_ignoring_case(header.substr(0, scheme.size()), scheme))
    return std::nullopt;
  const auto secret = trim(header.substr(scheme.size()));
  if (secret.empty() || !std::all_of(secret.begin(), secret.end(), is_token68))
    return std::nullopt;
  return secret;
}

request_gate::request_gate(origin_policy policy, session_cookie cookie, limits bounds)
    : policy_(std::move(policy)), cookie_(std::move(cookie)), bounds_(bounds) {}

std::size_t request_gate::body_limit(const http_request& request) const {
  if (!needs_credential(request.path))
    return std::min(open_body, bounds_.largest_body);
  const bool is_input =
      is_under(request.path, "/api/v1/sessions") && request.path.ends_with("/input");
  return is_input ? bounds_.largest_body : std::min(usual_body, bounds_.largest_body);
}

result<principal> request_gate::authenticate(const http_request& request,
                                             const connection_facts& facts, token_lookup& tokens,
                                             wall_time now, bool& is_from_cookie) const {
  is_from_cookie = false;
  if (const auto headers = count(request, "authorization"); headers > 0) {
    // A credential that was shown counts, also on the Unix socket: so a scoped token keeps its
    // limits there, and a wrong one is an error in place of a silent fallback.
    const auto secret = parse_bearer(request.header("authorization"));
    if (headers > 1 || !secret)
      return failure(request_error::unauthenticated,
                     "the Authorization header is not 'Bearer TOKEN'");
    if (auto who = tokens.by_text(*secret, now))
      return std::move(*who);
    return failure(request_error::unauthenticated, "the token is not known or has expired");
  }
  if (facts.peer)
    return *facts.peer;
  bool has_cookie = false;
  for (const auto& [name, value] : request.headers) {
    if (name != "cookie")
      continue;
    if (const auto claim = cookie_.read(value, now))
      if (auto who = tokens.by_id(claim->token_id, now)) {
        is_from_cookie = true;
        return std::move(*who);
      }
    has_cookie = has_cookie || value.find(cookie_.name()) != std::string::npos;
  }
  if (has_cookie)
    return failure(request_error::unauthenticated,
                   "the login has ended; log in again with the URL that 'roost url' prints");
  return no_credential();
}

/// Which page made the browser ask.
request_gate::page request_gate::asking_page(const http_request& request,
                                             const authority& host) const {
  if (const auto headers = count(request, "origin"); headers > 0)
    return headers == 1 && policy_.is_allowed_origin(request.header("origin"), host)
               ? page::ours
               : page::foreign;
  // Without an Origin (a GET, or no browser at all), Sec-Fetch-Site may still give a stranger away:
  // another port of this host is "same-site", so that is a stranger too.
  const auto site = request.header("sec-fetch-site");
  return site == "cross-site" || site == "same-site" ? page::foreign : page::unknown;
}

result<admission> request_gate::admit(const http_request& request, request_kind kind,
                                      const connection_facts& facts, token_lookup& tokens,
                                      wall_time now) const {
  for (const auto& [name, value] : request.query)
    if (name == "token" || name == "access_token")
      return failure(request_error::bad_request,
                     "a token in a URL ends up in logs and histories; send it as 'Authorization: "
                     "Bearer TOKEN', or log in with POST /login");

  // Browsers cannot reach the Unix socket, and its peers are known by uid: names mean nothing
  // there.
  auto from = page::unknown;
  if (!request.is_local) {
    if (count(request, "host") != 1)
      return failure(request_error::bad_request, "exactly one Host header is needed");
    auto host = policy_.check_host(request.header("host"), facts.local_address);
    if (!host)
      return std::move(host).error();
    from = asking_page(request, *host);
  }
  const bool is_sensitive = kind == request_kind::upgrade || changes_state(request.method);
  if (is_sensitive && from == page::foreign)
    return refused_page(request);

  admission granted;
  granted.body_limit = body_limit(request);
  if (!needs_credential(request.path))
    return granted;

  auto is_from_cookie = false;
  ROOST_TRY(granted.who, authenticate(request, facts, tokens, now, is_from_cookie));
  // A browser adds the cookie to whatever a page asks for, so the page must be known to be ours.
  if (is_from_cookie && (from == page::foreign || (is_sensitive && from == page::unknown)))
    return refused_page(request);
  return granted;
}

bool is_upgrade(const http_request& request) {
  return has_token(request.header("upgrade"), "websocket");
}

result<void> check_upgrade(const http_request& request, int http_version) {
  if (!is_upgrade(request) || !has_token(request.header("connection"), "upgrade"))
    return failure(request_error::upgrade_required, "this address only speaks WebSocket");
  if (request.method != "GET" || http_version != 11)
    return failure(request_error::bad_request, "a WebSocket handshake is a GET of HTTP/1.1");
  if (request.header(version_header) != "13")
    return failure(request_error::upgrade_required, "only WebSocket version 13 is spoken");
  const auto key = request.header("sec-websocket-key");
  if (count(request, "sec-websocket-key") != 1 || key.size() != 24 || !key.ends_with("=="))
    return failure(request_error::bad_request, "Sec-WebSocket-Key is not 16 bytes in base64");
  for (const auto& [name, value] : request.headers)
    if (name == "sec-websocket-protocol")
      for (std::string_view rest = value; !rest.empty();) {
        const auto end = rest.find(',');
        if (trim(rest.substr(0, end)) == wire::subprotocol)
          return {};
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      }
  return failure(request_error::bad_subprotocol,
                 "Sec-WebSocket-Protocol does not offer " + std::string(wire::subprotocol));
}

} // namespace roost::connection
