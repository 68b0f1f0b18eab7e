#pragma once

#include "actors/connection/api/routes.hpp"

#include <string_view>

namespace roost::connection::api {

/// What the audit trail says of a route.
struct act {
  enum class when : std::uint8_t {
    never, ///< it changes nothing that somebody has to find later
    asked, ///< as it begins: its answer goes on for long
    ended, ///< with how it ended
    first, ///< before it is done, or it is not done; and how it ended
  };
  std::string_view name;
  when written = when::never;
};

/// The act of a route. Rights are given and taken away, and others are sent off, only when it is
/// written down who did so.
act act_of(handler_id which);

} // namespace roost::connection::api
