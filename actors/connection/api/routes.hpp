#pragma once

#include "actors/connection/principal.hpp"
#include "actors/runtime/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The HTTP API as a table. Everything that knows a route reads it from here: the dispatcher, 404
/// and 405 with `Allow`, `OPTIONS`, the OpenAPI document and docs/reference/http.md. Pure; no CAF.
namespace roost::connection::api {

/// What answers a row. One value per row, so that a switch over it is complete.
enum class handler_id : std::uint8_t {
  create_session,
  list_sessions,
  get_session,
  update_session,
  delete_session,
  send_input,
  resize_session,
  get_screen,
  get_output,
  wait_session,
  get_recording,
  watch_events,
  list_sandboxes,
  get_openapi,
  list_tokens,
  create_token,
  revoke_token,
  get_status,
  get_login_url,
  get_health,
  get_readiness,
  list_connections,
  close_connection,
  get_database,
  list_history,
  list_audit,
  list_past_connections,
  search_text,
  get_metrics,
  list_channels,
  get_channel,
  call_channel,
  set_override,
  clear_override,
};

/// Who may call a row.
enum class access : std::uint8_t {
  open,    ///< anybody, without a credential
  viewer,  ///< each needs at least the role of its name
  operate, ///< the role `operator`
  admin,
  local, ///< an admin on the Unix socket
};

/// What a token that is limited to one session may do with a row.
enum class scope_rule : std::uint8_t {
  filtered, ///< call it; it sees its own session only, or nothing that belongs to one
  own,      ///< call it for its own session: `{id}` is a session
  refused,  ///< not call it
};

/// A query parameter of a row.
struct parameter {
  std::string_view name;
  std::string_view schema; ///< JSON Schema, as text
  std::string_view about;
};

struct route {
  std::string_view method;
  std::string_view pattern; ///< `{id}` stands for one path segment
  handler_id handler;
  access needs;
  scope_rule scope;
  std::string_view summary;
  std::span<const parameter> query;
  std::string_view request;        ///< name of the schema of the JSON body; empty: no body
  bool may_be_raw = false;         ///< also takes application/octet-stream
  std::size_t max_body = 0;        ///< bytes
  std::string_view response;       ///< name of the schema of the JSON answer; empty: not JSON
  std::string_view other_response; ///< another media type that it may answer with
  unsigned status = 200;           ///< of success
};

/// All rows, grouped by path.
std::span<const route> routes();

/// Where a request leads.
struct match {
  const route* row = nullptr; ///< null: see `path_is_known`
  bool path_is_known = false; ///< some row has this path, with another method
  std::string id;             ///< the `{id}` segment, if the pattern has one
};

/// `path` is percent-decoded, without the query. `HEAD` leads where `GET` does, but for streams.
match find_route(std::string_view method, std::string_view path);

/// The value of `Allow` for a path: `GET, POST, OPTIONS`. Empty for an unknown path.
std::string allowed_methods(std::string_view path);

/// Whether the caller may use the row for this id: `unauthenticated` cannot come from here.
result<void> authorize(const route& row, const principal& who, std::string_view id, bool is_local);

/// "viewer", "operator", …: the word in documents.
std::string_view to_string(access needs);

/// The table of docs/reference/http.md in Markdown.
std::string routes_markdown();

} // namespace roost::connection::api
