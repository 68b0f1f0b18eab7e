#include "actors/connection/api/store_query.hpp"

#include "actors/connection/api/rfc3339.hpp"

#include <string>

namespace roost::connection::api {

result<store_scope> parse_scope(const http_request& request) {
  const auto* scope = request.parameter("scope");
  if (!scope || *scope == "node")
    return store_scope::node;
  if (*scope == "all")
    return store_scope::all;
  return failure(request_error::bad_value, "scope: expected node or all");
}

result<database::time_range> parse_time_range(const http_request& request) {
  database::time_range out;
  for (const auto& [name, into] :
       {std::pair("from", &out.from), std::pair("before", &out.before)}) {
    const auto* text = request.parameter(name);
    if (!text)
      continue;
    *into = parse_rfc3339(*text);
    if (!*into)
      return failure(request_error::bad_value,
                     std::string(name) + ": expected a time like 2026-01-31T12:00:00Z");
  }
  return out;
}

} // namespace roost::connection::api
