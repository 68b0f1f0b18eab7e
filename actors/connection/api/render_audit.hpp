#pragma once

#include "actors/database/store/store.hpp"

#include <string>

/// What the archive knows of acts and connections, as JSON. Pure.
namespace roost::connection::api {

/// The document of `GET /audit`.
std::string audit_json(const database::page<database::audit_record>& found);
/// The document of `GET /connections/history`.
std::string connection_history_json(const database::page<database::connection_record>& found);

} // namespace roost::connection::api
