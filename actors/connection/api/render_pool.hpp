#pragma once

#include "actors/connection/pool_report.hpp"
#include "actors/runtime/metrics.hpp"

#include <string>

/// The pool's report as JSON, as Prometheus metrics, and in words. Pure.
namespace roost::connection::api {

/// The document of `GET /connections`.
std::string connections_json(const pool_report& report);

/// `roost_connections_…` and `roost_memory_…`.
void add_pool_metrics(metric_page& page, const pool_report& report);

/// "nearly full: 86 of 100 websockets"; empty while there is room.
std::string pressure_text(const pressure_state& state);

} // namespace roost::connection::api
