#pragma once

#include "actors/connection/api/json_reader.hpp"
#include "actors/runtime/result.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <string>
#include <string_view>

/// From what a caller wrote to a call of a channel. Pure.
namespace roost::connection::api {

struct call_request {
  std::string method;
  std::string params;                   ///< JSON text; empty: none
  std::chrono::milliseconds timeout{0}; ///< 0: the channel's
};

/// The method of a call that names none.
inline constexpr std::string_view default_method = "call";
inline constexpr std::uint64_t longest_call_ms = 600'000;

/// The fields `method`, `params` and `timeout_ms` of an object; the caller finishes the reader.
/// Without `method`, params that are {"method": …} or {"method": …, "params": …} name it, else it
/// is `call`: a WebSocket's frame has room for params only.
call_request read_call(object_reader& fields);

/// The body of `POST /channels/{name}/call`, which has a method.
result<call_request> parse_call(std::string_view body);

struct override_request {
  std::string state; ///< a breaker's: "forced-open", "disabled", "metrics-only"
  std::string reason;
  std::chrono::seconds lasts{0}; ///< 0: until it is cleared
};
/// The body of `PUT /channels/{name}/override`.
result<override_request> parse_override(std::string_view body);

} // namespace roost::connection::api
