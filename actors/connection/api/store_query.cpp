#include "actors/connection/api/store_query.hpp"

#include "actors/connection/api/json_reader.hpp"
#include "actors/connection/api/rfc3339.hpp"

#include <string>

namespace roost::connection::api {

failure bad_parameter(std::string_view name, std::string_view expected, std::string_view got) {
  return {request_error::bad_value, "the query parameter " + std::string(name) + ": expected " +
                                        std::string(expected) + ", got " +
                                        brief(boost::json::value(boost::json::string_view(got)))};
}

result<store_scope> parse_scope(const http_request& request) {
  const auto* scope = request.parameter("scope");
  if (!scope || *scope == "node")
    return store_scope::node;
  if (*scope == "all")
    return store_scope::all;
  return bad_parameter("scope", "node or all", *scope);
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
      return bad_parameter(name, "a time like 2026-01-31T12:00:00Z", *text);
  }
  return out;
}

} // namespace roost::connection::api
