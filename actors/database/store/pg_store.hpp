#pragma once

#include "actors/database/pg/pg_session.hpp"
#include "actors/database/store/store.hpp"

#include <chrono>
#include <memory>

namespace roost::database {

/// A store in a PostgreSQL database whose schema is up to date. Each statement is in a transaction
/// that brings its own settings, so that the session may be a pooler's that gives every transaction
/// to another server process. Once the session is lost everything fails with a trouble that passes:
/// make another store.
/// @param session used by nobody else meanwhile. @param timeout of one statement, kept by the
/// server; a server that does not even do that is cut off a second later.
std::unique_ptr<store> make_pg_store(std::shared_ptr<pg_session> session,
                                     std::chrono::milliseconds timeout);

} // namespace roost::database
