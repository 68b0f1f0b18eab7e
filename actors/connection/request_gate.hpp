#pragma once

#include "actors/connection/http_types.hpp"
#include "actors/connection/origin_policy.hpp"
#include "actors/connection/session_cookie.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace roost::connection {

/// Answers whom a secret stands for. Thread-safe.
class token_lookup {
public:
  virtual ~token_lookup() = default;
  /// By the token's own text.
  virtual std::optional<principal> by_text(std::string_view text, wall_time now) = 0;
  /// By its id, which a genuine cookie names.
  virtual std::optional<principal> by_id(std::string_view id, wall_time now) = 0;
};

/// Whether a request asks to become a WebSocket.
enum class request_kind : std::uint8_t { plain, upgrade };

/// What the connection knows about itself, beside what the request says.
struct connection_facts {
  std::string local_address;     ///< numeric, this end
  std::optional<principal> peer; ///< set on the Unix socket: the peer's uid is the credential
};

/// A request that may go on to its handler.
struct admission {
  principal who;              ///< without rights (viewer, no label) where none were needed
  std::size_t body_limit = 0; ///< bytes
};

/// The checks that every request passes between its header and its body, so that a stranger can
/// neither make the server read much nor reach a handler: no token in the URL, Host, Origin,
/// credential. Pure apart from the lookup; immutable, so safe on any thread.
class request_gate {
public:
  struct limits {
    std::size_t largest_body; ///< for terminal input; other bodies get at most 1 MiB of it
  };

  request_gate(origin_policy policy, session_cookie cookie, limits bounds);

  /// Reads method, path, query, headers and is_local; the body has not come yet.
  [[nodiscard]] result<admission> admit(const http_request& request, request_kind kind,
                                        const connection_facts& facts, token_lookup& tokens,
                                        wall_time now) const;

  [[nodiscard]] const session_cookie& cookie() const { return cookie_; }

private:
  enum class page : std::uint8_t { unknown, ours, foreign };

  [[nodiscard]] page asking_page(const http_request& request, const authority& host) const;
  [[nodiscard]] result<principal> authenticate(const http_request& request,
                                               const connection_facts& facts, token_lookup& tokens,
                                               wall_time now, bool& is_from_cookie) const;
  [[nodiscard]] std::size_t body_limit(const http_request& request) const;

  origin_policy policy_;
  session_cookie cookie_;
  limits bounds_;
};

/// The secret of `Authorization: Bearer SECRET`, or nothing for any other text. The scheme ignores
/// case; the secret is one or more token68 characters (RFC 6750).
std::optional<std::string_view> parse_bearer(std::string_view header);

/// Whether a WebSocket handshake is complete and speaks our protocol: GET, HTTP/1.1, version 13, a
/// well-formed key, subprotocol roost.v1. The failure is upgrade_required for a wrong version or no
/// upgrade at all, else bad_request or bad_subprotocol.
/// @param http_version 10 or 11.
result<void> check_upgrade(const http_request& request, int http_version);

/// Whether the header asks for an upgrade to WebSocket.
bool is_upgrade(const http_request& request);

} // namespace roost::connection
