#pragma once

#include "actors/connection/audit_trail.hpp"
#include "actors/connection/http_types.hpp"
#include "actors/connection/login_throttle.hpp"
#include "actors/connection/request_gate.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/result.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace roost::connection {

/// Answers POST /login and POST /logout, and counts wrong credentials per client. Thread-safe.
class login {
public:
  /// @param trail where attempts are written down; null: nowhere.
  login(session_cookie cookie, token_lookup& tokens, const clock& time,
        std::shared_ptr<audit_trail> trail = {});

  /// POST /login `{"token": "…"}`: 200 with who it is and the cookie; 401 for a wrong token; 429
  /// with Retry-After when this client showed too many wrong ones (then the token is not even
  /// looked at).
  http_response log_in(const http_request& request);
  /// POST /logout: 204, and the browser forgets the cookie.
  [[nodiscard]] http_response log_out(const http_request& request) const;

  /// The answer to a request whose credential was refused: 401, or 429 once there were too many.
  /// @param was_shown whether it had a credential at all; a visit without one is no attempt.
  http_response refuse(const failure& why, const http_request& request, bool was_shown);

private:
  [[nodiscard]] std::optional<std::chrono::seconds> count_failure(const http_request& request);
  http_response answer_wrong(const failure& why, const http_request& request);
  void write_down(const http_request& request, const http_response& answer,
                  const principal& who) const;

  const session_cookie cookie_;
  token_lookup& tokens_;
  const clock& clock_;
  const std::shared_ptr<audit_trail> trail_;
  std::mutex mutex_;
  login_throttle throttle_;
};

/// The token in a login's body. Strict: an object with exactly one field `token`, a text.
result<std::string> parse_login(std::string_view body);

} // namespace roost::connection
