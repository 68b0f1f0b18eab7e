#pragma once

#include "actors/database/store/store.hpp"

#include <map>
#include <string>

/// What was found, as JSON. Pure.
namespace roost::connection::api {

/// What a search has found: hits, and the sessions that they are of, as far as they are written
/// down.
struct search_found {
  database::page<database::text_hit> hits;
  std::map<std::string, database::session_record> sessions;
};

/// The document of `GET /search`.
std::string search_json(const search_found& found);

} // namespace roost::connection::api
