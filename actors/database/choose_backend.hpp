#pragma once

#include "actors/database/archive/archive.hpp"
#include "actors/database/backend.hpp"
#include "actors/database/pg/pg_backend.hpp"
#include "actors/database/pool/pools.hpp"
#include "actors/runtime/config_database.hpp"
#include "actors/runtime/random.hpp"
#include "actors/runtime/result.hpp"

#include <memory>
#include <optional>
#include <string>

namespace roost::database {

/// What database.url asks for.
database_backend backend_of(const database_config& settings);

/// The settings of whoever changes the schema of a PostgreSQL database.
pg_schema::settings schema_settings(const database_config& settings, const std::string& node);

/// What the archive's workers open: the node's own file, and, where database.url is PostgreSQL's, a
/// way to that. @param cutter outlives what is made.
result<archive_files> choose_files(const database_config& settings, const std::string& data_dir,
                                   const std::string& node, std::shared_ptr<socket_cutter> cutter);

/// The pools of connections to the shared database; nothing where database.url is not PostgreSQL's.
/// @param cutter outlives what is made.
result<std::optional<pools_config>> choose_pools(const database_config& settings,
                                                 const std::string& node,
                                                 std::shared_ptr<socket_cutter> cutter);

/// The database of this node. @param data_dir where SQLite's file is. A failure says what is wrong
/// with the settings.
result<std::shared_ptr<backend>> choose_backend(const database_config& settings,
                                                const std::string& data_dir, node_identity who,
                                                random_source& random);

} // namespace roost::database
