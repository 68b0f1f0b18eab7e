#pragma once

#include "actors/connection/http_types.hpp"
#include "actors/database/store/store.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/result.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// What questions about what was written down have in common. Pure.
namespace roost::connection::api {

/// Where is looked.
enum class store_scope : std::uint8_t {
  node, ///< in this node's own file
  all,  ///< in the database that it shares with others; on a node that shares none, as `node`
};

/// A query parameter that has not the value that was expected.
failure bad_parameter(std::string_view name, std::string_view expected, std::string_view got);

/// `?scope=`; `node` where nothing is said.
result<store_scope> parse_scope(const http_request& request);

/// `?from=&before=`.
result<database::time_range> parse_time_range(const http_request& request);

} // namespace roost::connection::api
