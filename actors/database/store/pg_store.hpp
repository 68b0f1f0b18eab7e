#pragma once

#include "actors/database/pg/pg_session.hpp"
#include "actors/database/store/store.hpp"

#include <chrono>
#include <memory>

namespace roost::database {

/// A store in a PostgreSQL database whose schema is up to date, over a session of its own. Once the
/// session is lost everything fails with a trouble that passes: make another store.
/// @param timeout after which a statement that the server does not answer is cut off.
store_result<std::unique_ptr<store>> make_pg_store(std::unique_ptr<pg_session> session,
                                                   std::chrono::milliseconds timeout);

} // namespace roost::database
