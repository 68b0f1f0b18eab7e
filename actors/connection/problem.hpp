#pragma once

#include "actors/connection/http_types.hpp"
#include "protocols/errors.hpp"

#include <string>
#include <string_view>

namespace roost::connection {

/// The RFC 9457 document of a failure: `type` (`/problems/NAME`), `title`, `status`, `detail` (left
/// out when there is none) and `correlation_id`. Pure; the same failure gives the same text.
std::string problem_json(const failure& why, std::string_view correlation);

/// The whole answer: status from the table of errors, `application/problem+json`, not cacheable.
/// Callers append what only they know (`Allow`, `Retry-After`, `WWW-Authenticate`).
http_response problem_response(const failure& why, std::string_view correlation);

} // namespace roost::connection
