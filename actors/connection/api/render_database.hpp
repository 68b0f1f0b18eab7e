#pragma once

#include "actors/connection/api/render.hpp"
#include "actors/database/archive/archive_board.hpp"
#include "actors/database/recordings_board.hpp"
#include "actors/database/retention_board.hpp"
#include "actors/runtime/metrics.hpp"
#include "protocols/database_types.hpp"
#include "protocols/pool_types.hpp"

#include <string>

/// The database's report as JSON, as Prometheus metrics, and in words. Pure.
namespace roost::connection::api {

/// What all connections of the pools do: the report of those that answer questions, and the two
/// that do something else: the initializer's, and the one of `app` that brings there what the node
/// has written down. They are held while the database is there.
database_pools_report pools_in_use(database_pools_report questions, const database_report& report);

/// The document of `GET /database`. @param pools of size 0 are left out.
std::string database_json(const database_report& report, const database_pools_report& pools,
                          const database::archive_board& archive);

/// `roost_database_…`.
void add_database_metrics(metric_page& page, const database_report& report);

/// `roost_database_pool_…`; nothing where there is no shared database.
void add_database_pool_metrics(metric_page& page, const database_pools_report& pools);

/// `roost_archive_…`.
void add_archive_metrics(metric_page& page, const database::archive_board& board);

/// `roost_recording_…` and `roost_search_…`.
void add_recording_metrics(metric_page& page, const database::recordings_board& board);

/// `roost_retention_…`.
void add_retention_metrics(metric_page& page, const database::retention_board& board);

/// For readiness and status: it is always ready, because the node works without its database; the
/// text says what is the matter.
component database_component(const database_report& report);

} // namespace roost::connection::api
