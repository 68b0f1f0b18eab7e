#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "apps/roost/outcome.hpp"

/// What `roost call` sends and what it says of the answer. Pure.
namespace roost::cli {

/// The body of the request. Without a `method`, `json` names it as {"method": …, "params": …}, else
/// the method is "call" and `json` its parameters. Exit status 2 if that is not possible.
outcome<boost::json::object> call_body(const std::optional<std::string>& method,
                                       std::string_view json,
                                       std::optional<std::chrono::milliseconds> timeout);

/// "degraded: timeout, 5 s old" for an answer that is not the helper's own; "" for one that is.
std::string degraded_line(const boost::json::object& answer);

/// The failure that a call without a value ends with: the reason, whether it is worth trying again,
/// and when. For an answer of `status` 400 or above.
command_failure call_failure(int status, std::string_view body, std::string_view channel);

} // namespace roost::cli
