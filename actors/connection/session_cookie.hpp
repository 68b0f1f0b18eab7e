#pragma once

#include "actors/runtime/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace roost::connection {

/// What a login cookie says: which token somebody showed, and until when that counts. The server
/// keeps no list of logins; revoking the token ends them all.
struct login_claim {
  std::string token_id;
  wall_time issued_at;
  wall_time expires_at;
};

/// Whether cookies may travel without encryption: then the `Secure` attribute and the `__Host-`
/// prefix, which browsers tie to it, are left out.
enum class cookie_channel : std::uint8_t { plain, encrypted };

/// Makes and reads the login cookie: `v1.TOKENID.ISSUED.EXPIRES.MAC`, where MAC is HMAC-SHA-256
/// over what stands before it and the cookie's name. Pure and immutable, so safe on any thread.
class session_cookie {
public:
  using key = std::array<std::byte, 32>;

  /// How long a login lasts, unless its token expires sooner.
  static constexpr std::chrono::hours lifetime{14 * 24};

  /// @param port of the listener. Cookies ignore the port of a URL, so it is part of the name: two
  /// servers on one host must not overwrite each other's logins.
  session_cookie(key secret, std::uint16_t port, cookie_channel channel);

  /// `roost_session_7680`, under TLS `__Host-roost_session_7680`.
  [[nodiscard]] const std::string& name() const { return name_; }

  /// The Set-Cookie value for a login. HttpOnly, SameSite=Strict, Path=/, Max-Age; Secure under
  /// TLS.
  [[nodiscard]] std::string set_cookie(const login_claim& claim) const;
  /// The Set-Cookie value that makes a browser forget the login.
  [[nodiscard]] std::string clear_cookie() const;

  /// The claim in the value of a Cookie header, if ours is in it, is genuine and has not expired.
  /// When the name occurs more than once, the first genuine one counts.
  [[nodiscard]] std::optional<login_claim> read(std::string_view cookie_header,
                                                wall_time now) const;

private:
  [[nodiscard]] std::string sign(std::string_view text) const;
  [[nodiscard]] std::optional<login_claim> verify(std::string_view value, wall_time now) const;
  [[nodiscard]] std::string attributes() const;

  key secret_;
  std::string name_;
  cookie_channel channel_;
};

} // namespace roost::connection
