#pragma once

#include "actors/database/store/store.hpp"

#include <string>

/// What the archive knows of sessions, as JSON. Pure.
namespace roost::connection::api {

/// The document of `GET /history`.
std::string history_json(const database::page<database::session_record>& found);

} // namespace roost::connection::api
