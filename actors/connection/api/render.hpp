#pragma once

#include "actors/connection/api/rfc3339.hpp"
#include "actors/connection/http_types.hpp"
#include "actors/connection/token_set.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/config_sandbox.hpp"
#include "protocols/events.hpp"
#include "protocols/terminal.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// From the vocabulary's messages to what callers read. Pure. All text comes out as valid UTF-8:
/// bytes that are not (a folder's name, a program's title) become U+FFFD.
namespace roost::connection::api {

std::string_view to_string(size_policy_kind policy);
std::string_view to_string(restart_policy policy);

/// The `session` shape. `node` is the name of the node that has it.
boost::json::object session_json(const session_info& session, std::string_view node);

/// `GET /sessions`; sessions that the caller may not see are left out.
std::string session_list_json(const session_list& list, std::string_view node,
                              const principal& who);

/// The answers of `…/input`.
std::string input_accepted_json(const input_accepted& x);
std::string command_result_json(const command_result& x);
/// The answer of `…/wait`.
std::string wait_result_json(const wait_result& x);

/// `GET …/screen`, in the format that was asked for.
http_response screen_response(const screen_view& view, screen_format format);
/// `GET …/output`: bytes, with `X-Roost-Offset`, `-Epoch`, `-End`, and `-Gap` when bytes are gone.
http_response output_response(const output_range& range);

/// The answer of `GET /sandboxes`.
std::string sandbox_list_json(const std::vector<sandbox_offer>& offers);

/// One of `GET /tokens`.
boost::json::object token_json(const token& row);
std::string token_list_json(const std::vector<token>& rows);
/// The answer of `POST /tokens`: the row and, this once, the token's text.
std::string new_token_json(const new_token& made);

/// Whether one part of the node can do its work.
struct component {
  std::string name;
  bool is_ready = false;
  std::string reason; ///< why not; for people
};
boost::json::object components_json(const std::vector<component>& parts);
/// `GET /readyz`: 200 when every part is ready, else 503.
http_response readiness_response(const std::vector<component>& parts);

struct node_status {
  std::string node;
  std::string version;
  std::chrono::milliseconds uptime{0};
  std::size_t sessions = 0;
  std::uint32_t connections = 0;
  std::vector<component> components;
};
std::string status_json(const node_status& status);

/// The text of an event as a WebSocket frame and as a piece of a Server-Sent Events stream; both
/// carry `topic`, `at` and `session`.
struct event_text {
  std::string frame;
  std::string stream;
};
event_text session_event_text(std::uint64_t id, event_topic topic, const session_info& session,
                              std::string_view node, wall_time at);
/// Carries `topic`, `at`, `level`, `gauge`, `used` and `capacity`.
event_text pressure_event_text(std::uint64_t id, const publish_pressure& what, wall_time at);
event_text database_event_text(std::uint64_t id, const publish_database& what, wall_time at);
/// Carries `topic`, `at` and `channel`.
event_text channel_event_text(std::uint64_t id, const publish_channel& what, wall_time at);
/// The piece that says that events are missing before the next one.
std::string gap_text(wall_time at);

/// An answer with a JSON body, not to be cached.
http_response json_response(unsigned status, std::string body);

} // namespace roost::connection::api
