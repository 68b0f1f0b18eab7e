#pragma once

#include "actors/connection/api/recording_export.hpp"
#include "actors/connection/api/routes.hpp"
#include "actors/connection/api/store_query.hpp"
#include "actors/connection/http_types.hpp"
#include "actors/connection/token_set.hpp"
#include "actors/database/store/store.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/result.hpp"
#include "protocols/events.hpp"
#include "protocols/terminal.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// From what a caller wrote to the vocabulary's messages. Pure: no clock, no actor; any bytes may
/// come in, and every failure names the place and what was expected there.
namespace roost::connection::api {

/// The longest wait that a request may ask for: below the two minutes at which proxies give up.
inline constexpr std::chrono::milliseconds longest_wait{110'000};
/// How long a wait takes when the caller does not say.
inline constexpr std::chrono::milliseconds default_wait{30'000};
inline constexpr std::uint64_t default_output_limit = std::uint64_t{1} << 20;
inline constexpr std::uint64_t max_output_limit = std::uint64_t{16} << 20;

/// The body of `POST /sessions`; an empty one asks for the defaults. `owner` and `correlation` are
/// left to the caller.
/// @param node this node's name: a session on another node cannot be had yet.
result<create_session> parse_create(std::string_view body, std::string_view node);

/// The body of `PATCH /sessions/{id}`.
result<update_session> parse_update(std::string_view body);

/// The body of `POST …/resize`. Sizes beyond 1..4096 are terminal_error::bad_size.
result<resize_session> parse_resize(std::string_view body);

/// `POST …/input`: either typed and forgotten, or run as a command.
struct input_request {
  bool waits_for_command = false;
  send_input input;    ///< without waiting
  run_command command; ///< when waiting
};
/// `content_type` as in the header, or empty; octet-stream bodies are typed as they are.
result<input_request> parse_input(const http_request& request);

/// The body of `POST …/wait`.
result<wait_for> parse_wait(std::string_view body);

/// `?format=` of `GET …/screen`.
result<read_screen> parse_screen_query(const http_request& request);

/// `?since=&limit=` of `GET …/output`.
result<read_output> parse_output_query(const http_request& request);

/// `?format=` of `GET …/recording`.
result<recording_format> parse_recording_query(const http_request& request);

/// `?now=` of `DELETE /sessions/{id}`.
result<kill_session> parse_delete_query(const http_request& request);

/// `?topics=` and `Last-Event-ID` of `GET /events`, limited to what the caller may see.
result<event_filter> parse_events(const http_request& request);
/// `?limit=` and `?cursor=` of a list.
result<database::paging> parse_paging(const http_request& request, std::uint32_t most,
                                      std::uint32_t otherwise);
/// The query of `GET /history`.
template <class Query>
struct store_request {
  store_scope scope = store_scope::node;
  Query what;
};
using history_request = store_request<database::session_query>;
result<history_request> parse_history(const http_request& request);
/// The query of `GET /audit`.
result<store_request<database::audit_query>> parse_audit(const http_request& request);
/// The query of `GET /connections/history`.
result<store_request<database::connection_query>>
parse_connection_history(const http_request& request);

/// The query of `GET /search`, limited to what the caller may see.
using search_request = store_request<database::text_query>;
result<search_request> parse_search(const http_request& request);

/// Topic names as a WebSocket's `subscribe` lists them. An unknown one is bad_value with the
/// nearest.
result<std::vector<event_topic>> parse_topics(const std::vector<std::string>& names);

/// The body of `POST /tokens`.
result<token_request> parse_token_request(std::string_view body, wall_time now);

/// A session's id from a path. Anything else is no_such_session: nothing can be there.
result<session_id> parse_session_id(std::string_view text);

/// Refuses query parameters that the row does not have, and one that comes twice.
result<void> check_query(const route& row, const http_request& request);

/// Refuses a body that is too large, of another type than the row takes, or where none is expected.
result<void> check_body(const route& row, const http_request& request);

} // namespace roost::connection::api
