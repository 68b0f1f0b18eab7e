#pragma once

#include "actors/connection/api/render.hpp"
#include "actors/database/archive/archive_board.hpp"
#include "actors/database/recordings_board.hpp"
#include "actors/runtime/metrics.hpp"
#include "protocols/database_types.hpp"

#include <string>

/// The database's report as JSON, as Prometheus metrics, and in words. Pure.
namespace roost::connection::api {

/// The document of `GET /database`.
std::string database_json(const database_report& report);

/// `roost_database_…`.
void add_database_metrics(metric_page& page, const database_report& report);

/// `roost_archive_…`.
void add_archive_metrics(metric_page& page, const database::archive_board& board);

/// `roost_recording_…`.
void add_recording_metrics(metric_page& page, const database::recordings_board& board);

/// For readiness and status: it is always ready, because the node works without its database; the
/// text says what is the matter.
component database_component(const database_report& report);

} // namespace roost::connection::api
