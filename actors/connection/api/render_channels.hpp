#pragma once

#include "actors/connection/api/render.hpp"
#include "actors/connection/http_types.hpp"
#include "actors/runtime/metrics.hpp"
#include "protocols/channel_types.hpp"
#include "protocols/events.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Channels as JSON, as Prometheus metrics, and in words; and what a call ended with. Pure. Nothing
/// of what a helper says in an error gets into any of it but JSON-RPC's number (CB-12).
namespace roost::connection::api {

/// `GET /channels/{name}`.
std::string channel_json(const channel_status& x);
/// `GET /channels`.
std::string channel_list_json(const std::vector<channel_status>& all);

/// The code in the table of errors for a call without an answer.
failure failure_of(const call_answer& x);
/// The answer to `POST /channels/{name}/call`: 200 with a value, else a problem that says why, and
/// whether it is worth trying again.
http_response call_response(const call_answer& x, std::string_view correlation);
/// The frame `result` of a WebSocket's call.
std::string call_result_frame(std::uint64_t id, const call_answer& x);
/// The same for a call that no channel has heard of.
std::string call_refused_frame(std::uint64_t id, const failure& why);

/// `roost_channel_…`.
void add_channel_metrics(metric_page& page, const std::vector<channel_status>& all);

/// For readiness and status: it is always ready, because the node works without its helpers; the
/// text says which channels pass nothing.
component channels_component(const std::vector<channel_status>& all);

} // namespace roost::connection::api
