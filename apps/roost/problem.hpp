#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

#include "apps/roost/outcome.hpp"

namespace roost::cli {

/// The failure that an HTTP answer with a bad status stands for: the sentence, detail, correlation
/// id and (by the table of errors) exit status of its problem+json; else what the status says. When
/// the server is only busy (429, 503), its Retry-After becomes the advice. Pure.
command_failure problem_from_http(int status, std::string_view body,
                                  std::optional<std::chrono::seconds> retry_after = std::nullopt);

/// The same for an `error` message of a WebSocket.
command_failure problem_from_frame(const boost::json::object& message);

} // namespace roost::cli
