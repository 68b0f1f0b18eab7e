#pragma once

#include "actors/database/sqlite/sqlite_file.hpp"
#include "actors/database/store/store.hpp"

#include <memory>

namespace roost::database {

/// What a person and the log hear of SQLite's trouble.
store_error explain(const sqlite_error& why);

/// A store in a SQLite file whose schema is up to date. Within a transaction of the caller on the
/// same file, `apply` is a part of that one. @param file outlives the store.
std::unique_ptr<store> make_sqlite_store(sqlite_file& file);

} // namespace roost::database
