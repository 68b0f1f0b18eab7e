#pragma once

#include <string>
#include <string_view>

namespace roost::connection::api {

/// The OpenAPI 3.1 document of the API: the paths come from the table of routes, the schemas from
/// openapi_schemas.cpp. Pure; the same version gives the same text.
std::string openapi_json(std::string_view version);

/// The schemas of all bodies and answers by name, as one JSON object's text.
std::string_view openapi_schemas();

} // namespace roost::connection::api
