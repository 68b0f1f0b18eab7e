#include "actors/connection/api/routes.hpp"

#include <algorithm>
#include <array>

namespace roost::connection::api {

namespace {

constexpr std::size_t kib = 1024;
// A command line with its environment may be long; Linux takes 128 KiB per argument.
constexpr std::size_t max_create_body = 256 * kib;
// A paste. In JSON each byte may take six characters.
constexpr std::size_t max_input_body = 1024 * kib;
constexpr std::size_t max_small_body = 16 * kib;
constexpr std::size_t max_call_body = 1024 * kib;

constexpr std::array delete_query = {
    parameter{"now", R"({"type":"string","enum":["0","1"]})",
              "1 kills the program at once instead of hanging up first"},
};
constexpr std::array input_query = {
    parameter{"wait", R"({"type":"string","enum":["command"]})",
              "types the text as one command line and answers when the command has ended"},
    parameter{"timeout_ms", R"({"type":"integer","minimum":1,"maximum":110000,"default":30000})",
              "with wait: how long the command may take"},
};
constexpr std::array screen_query = {
    parameter{"format", R"({"type":"string","enum":["text","ansi","json"],"default":"text"})",
              "text: characters only; ansi: with escape sequences for colours; json: an object"},
};
constexpr std::array output_query = {
    parameter{"since", R"({"type":"integer","minimum":0,"default":0})",
              "absolute offset of the first byte wanted"},
    parameter{"limit", R"({"type":"integer","minimum":1,"maximum":16777216,"default":1048576})",
              "the most bytes to answer with"},
};
constexpr std::array recording_query = {
    parameter{
        "format",
        R"({"type":"string","enum":["asciicast-v3","asciicast-v2","text"],"default":"asciicast-v3"})",
        "asciicast-v3, asciicast-v2: for asciinema's players; text: what was printed"},
};
constexpr std::array events_query = {
    parameter{"topics", R"({"type":"string"})",
              "comma-separated topics; default: all of session.created, session.changed, "
              "session.exited, session.removed, pool.pressure, database.changed, channel.changed"},
};

constexpr parameter where{"scope", R"({"type":"string","enum":["node","all"],"default":"node"})",
                          "node: what this node has written down; all: what all nodes have that "
                          "share its database"};
constexpr parameter from_time{"from", R"({"type":"string","format":"date-time"})",
                              "what began or was done then or later"};
constexpr parameter before_time{"before", R"({"type":"string","format":"date-time"})",
                                "what began or was done before then"};
constexpr parameter page_limit{"limit",
                               R"({"type":"integer","minimum":1,"maximum":1000,"default":100})",
                               "the most rows to answer with"};
constexpr parameter page_cursor{"cursor", R"({"type":"string"})", "`next` of the answer before"};

constexpr std::array history_query = {
    where,
    from_time,
    before_time,
    parameter{"state",
              R"({"type":"string","enum":["starting","running","exiting","exited","lost"]})",
              "sessions in this state alone"},
    parameter{"owner", R"({"type":"string"})", "sessions that this credential created"},
    page_limit,
    page_cursor,
};
constexpr std::array audit_query = {
    where,
    parameter{"who", R"({"type":"string"})", "acts of this credential alone"},
    parameter{"action", R"({"type":"string"})", "such acts alone, for example token.create"},
    from_time,
    before_time,
    page_limit,
    page_cursor,
};
constexpr std::array past_connections_query = {
    where,      parameter{"who", R"({"type":"string"})", "connections of this credential alone"},
    from_time,  before_time,
    page_limit, page_cursor,
};

constexpr std::array search_query = {
    parameter{"q", R"({"type":"string","minLength":1,"maxLength":512})",
              "words that all occur, in any case; \"several words\" next to each other; word* for "
              "those that begin so"},
    parameter{"session", R"({"type":"string"})", "what this session printed"},
    parameter{"from", R"({"type":"string","format":"date-time"})", "printed then or later"},
    parameter{"before", R"({"type":"string","format":"date-time"})", "printed earlier"},
    parameter{"command", R"({"type":"string"})",
              "printed by a command whose line has this in it, letter for letter"},
    parameter{"exit_status", R"({"type":"integer"})", "printed by a command that ended so"},
    parameter{"scope", R"({"type":"string","enum":["node","all"],"default":"node"})",
              "all: what the nodes of the shared database have, too"},
    parameter{"limit", R"({"type":"integer","minimum":1,"maximum":200,"default":20})",
              "the most hits to answer with"},
    parameter{"cursor", R"({"type":"string"})", "`next` of the answer before"},
};

constexpr std::span<const parameter> no_query;

// clang-format off
constexpr std::array table = {
    route{"GET", "/api/v1/sessions", handler_id::list_sessions, access::viewer, scope_rule::filtered,
          "Lists the sessions, oldest first", no_query, "", false, 0, "SessionList", "", 200},
    route{"POST", "/api/v1/sessions", handler_id::create_session, access::operate, scope_rule::refused,
          "Starts a program in a new session", no_query, "CreateSession", false, max_create_body, "Session", "", 201},
    route{"GET", "/api/v1/sessions/{id}", handler_id::get_session, access::viewer, scope_rule::own,
          "Shows one session as it is now", no_query, "", false, 0, "Session", "", 200},
    route{"PATCH", "/api/v1/sessions/{id}", handler_id::update_session, access::operate, scope_rule::own,
          "Changes the title, the size policy, the restart policy or whether it is recorded", no_query, "UpdateSession", false, max_small_body, "Session", "", 200},
    route{"DELETE", "/api/v1/sessions/{id}", handler_id::delete_session, access::operate, scope_rule::own,
          "Ends a session's program (202); forgets a session that has exited (200)", delete_query, "", false, 0, "Session", "", 202},
    route{"POST", "/api/v1/sessions/{id}/input", handler_id::send_input, access::operate, scope_rule::own,
          "Types text, bytes or keys", input_query, "Input", true, max_input_body, "InputAccepted", "", 202},
    route{"POST", "/api/v1/sessions/{id}/resize", handler_id::resize_session, access::operate, scope_rule::own,
          "Sets the size, whatever the size policy", no_query, "Size", false, max_small_body, "Session", "", 200},
    route{"GET", "/api/v1/sessions/{id}/screen", handler_id::get_screen, access::viewer, scope_rule::own,
          "Shows the screen as it is now", screen_query, "", false, 0, "Screen", "text/plain", 200},
    route{"GET", "/api/v1/sessions/{id}/output", handler_id::get_output, access::viewer, scope_rule::own,
          "Reads raw output by absolute offset", output_query, "", false, 0, "", "application/octet-stream", 200},
    route{"POST", "/api/v1/sessions/{id}/wait", handler_id::wait_session, access::viewer, scope_rule::own,
          "Waits for text, quiet, the end of a command or of the program", no_query, "Wait", false, max_small_body, "WaitResult", "", 200},
    route{"GET", "/api/v1/sessions/{id}/recording", handler_id::get_recording, access::viewer, scope_rule::own,
          "Gives what was recorded of a session, past or present", recording_query, "", false, 0, "", "application/x-asciicast", 200},
    route{"GET", "/api/v1/events", handler_id::watch_events, access::viewer, scope_rule::filtered,
          "Streams every state change; resumable with Last-Event-ID", events_query, "", false, 0, "", "text/event-stream", 200},
    route{"GET", "/api/v1/sandboxes", handler_id::list_sandboxes, access::viewer, scope_rule::filtered,
          "Lists the sandbox profiles that a session can run in, and whether this machine has what they need", no_query, "", false, 0, "SandboxList", "", 200},
    route{"GET", "/api/v1/tokens", handler_id::list_tokens, access::admin, scope_rule::refused,
          "Lists the tokens, without their secrets", no_query, "", false, 0, "TokenList", "", 200},
    route{"POST", "/api/v1/tokens", handler_id::create_token, access::admin, scope_rule::refused,
          "Makes a token; the answer is the only place where it is ever shown", no_query, "CreateToken", false, max_small_body, "NewToken", "", 201},
    route{"DELETE", "/api/v1/tokens/{id}", handler_id::revoke_token, access::admin, scope_rule::refused,
          "Revokes a token", no_query, "", false, 0, "", "", 204},
    route{"GET", "/api/v1/status", handler_id::get_status, access::viewer, scope_rule::filtered,
          "Shows the node: version, uptime, sessions, connections, components", no_query, "", false, 0, "Status", "", 200},
    route{"GET", "/api/v1/connections", handler_id::list_connections, access::admin, scope_rule::refused,
          "Shows the pool of connections: limits, use, windows of 1, 10 and 60 s, each WebSocket", no_query, "", false, 0, "ConnectionList", "", 200},
    route{"DELETE", "/api/v1/connections/{id}", handler_id::close_connection, access::admin, scope_rule::refused,
          "Closes a WebSocket with 1008; its terminals live on", no_query, "", false, 0, "", "", 204},
    route{"GET", "/api/v1/history", handler_id::list_history, access::viewer, scope_rule::refused,
          "Lists the sessions that were written down, past ones and present ones, newest first", history_query, "", false, 0, "History", "", 200},
    route{"GET", "/api/v1/audit", handler_id::list_audit, access::admin, scope_rule::refused,
          "Lists who did what, newest first", audit_query, "", false, 0, "Audit", "", 200},
    route{"GET", "/api/v1/connections/history", handler_id::list_past_connections, access::admin, scope_rule::refused,
          "Lists WebSockets of the past and the present, the last opened first", past_connections_query, "", false, 0, "PastConnections", "", 200},
    route{"GET", "/api/v1/search", handler_id::search_text, access::viewer, scope_rule::filtered,
          "Finds what sessions printed, past ones and present ones, newest first", search_query, "", false, 0, "SearchHits", "", 200},
    route{"GET", "/api/v1/database", handler_id::get_database, access::viewer, scope_rule::filtered,
          "Shows the state of the database, why it is so, and how it came to it", no_query, "", false, 0, "Database", "", 200},
    route{"GET", "/api/v1/channels", handler_id::list_channels, access::viewer, scope_rule::refused,
          "Lists the channels to helper processes, each with its breaker", no_query, "", false, 0, "ChannelList", "", 200},
    route{"GET", "/api/v1/channels/{id}", handler_id::get_channel, access::viewer, scope_rule::refused,
          "Shows one channel, by name: its breaker, its helper, what happened lately", no_query, "", false, 0, "Channel", "", 200},
    route{"POST", "/api/v1/channels/{id}/call", handler_id::call_channel, access::operate, scope_rule::refused,
          "Calls a method of the channel's helper", no_query, "Call", false, max_call_body, "CallAnswer", "", 200},
    route{"PUT", "/api/v1/channels/{id}/override", handler_id::set_override, access::admin, scope_rule::refused,
          "Sets the channel's breaker by hand", no_query, "Override", false, max_small_body, "Channel", "", 200},
    route{"DELETE", "/api/v1/channels/{id}/override", handler_id::clear_override, access::admin, scope_rule::refused,
          "Leaves the channel's breaker to itself again", no_query, "", false, 0, "Channel", "", 200},
    route{"GET", "/api/v1/login-url", handler_id::get_login_url, access::local, scope_rule::refused,
          "Gives the URL that signs a browser in; on the Unix socket only", no_query, "", false, 0, "LoginUrl", "", 200},
    route{"GET", "/api/v1/openapi.json", handler_id::get_openapi, access::viewer, scope_rule::filtered,
          "This document", no_query, "", false, 0, "OpenApi", "", 200},
    route{"GET", "/healthz", handler_id::get_health, access::open, scope_rule::filtered,
          "Says that the process is alive", no_query, "", false, 0, "Health", "", 200},
    route{"GET", "/metrics", handler_id::get_metrics, access::viewer, scope_rule::refused,
          "Metrics for Prometheus", no_query, "", false, 0, "", "text/plain", 200},
    route{"GET", "/readyz", handler_id::get_readiness, access::open, scope_rule::filtered,
          "Says whether the server can do its work (503: it cannot), by component", no_query, "", false, 0, "Readiness", "", 200},
};
// clang-format on

/// Compares segment by segment; on success `id` is what stood in place of `{id}`.
bool matches(std::string_view pattern, std::string_view path, std::string& id) {
  while (true) {
    const auto pattern_end = pattern.find('/', 1);
    const auto path_end = path.find('/', 1);
    const auto wanted = pattern.substr(0, pattern_end);
    const auto got = path.substr(0, path_end);
    if (wanted == "/{id}") {
      if (got.size() < 2)
        return false;
      id = got.substr(1);
    } else if (wanted != got) {
      return false;
    }
    if ((pattern_end == std::string_view::npos) != (path_end == std::string_view::npos))
      return false;
    if (pattern_end == std::string_view::npos)
      return true;
    pattern.remove_prefix(pattern_end);
    path.remove_prefix(path_end);
  }
}

bool accepts(const route& row, std::string_view method) {
  return row.method == method ||
         (method == "HEAD" && row.method == "GET" && row.handler != handler_id::watch_events);
}

role needed_role(access needs) {
  switch (needs) {
  case access::open:
  case access::viewer:
    return role::viewer;
  case access::operate:
    return role::operate;
  case access::admin:
  case access::local:
    return role::admin;
  }
  return role::admin;
}

} // namespace

std::span<const route> routes() { return table; }

match find_route(std::string_view method, std::string_view path) {
  match found;
  std::string id;
  for (const auto& row : table) {
    if (!matches(row.pattern, path, id))
      continue;
    found.path_is_known = true;
    if (accepts(row, method)) {
      found.row = &row;
      found.id = row.pattern.find("{id}") == std::string_view::npos ? std::string{} : id;
      return found;
    }
  }
  return found;
}

std::string allowed_methods(std::string_view path) {
  std::string out;
  std::string id;
  for (const auto& row : table) {
    if (!matches(row.pattern, path, id))
      continue;
    out += std::string(row.method) + ", ";
    if (row.method != "HEAD" && accepts(row, "HEAD"))
      out += "HEAD, ";
  }
  return out.empty() ? out : out + "OPTIONS";
}

result<void> authorize(const route& row, const principal& who, std::string_view id, bool is_local) {
  if (row.needs == access::open)
    return {};
  if (row.needs == access::local && !is_local)
    return failure(request_error::forbidden, "this is answered on the Unix socket only");
  if (!who.is_at_least(needed_role(row.needs)))
    return failure(request_error::forbidden,
                   "this needs the role " + std::string(to_string(row.needs)));
  if (row.scope == scope_rule::refused && who.only)
    return failure(request_error::forbidden, "the token is limited to one session");
  if (row.scope == scope_rule::own && !who.may_see(session_id{std::string(id)}))
    return failure(request_error::forbidden, "the token is limited to another session");
  return {};
}

std::string_view to_string(access needs) {
  switch (needs) {
  case access::open:
    return "nobody";
  case access::viewer:
    return "viewer";
  case access::operate:
    return "operator";
  case access::admin:
    return "admin";
  case access::local:
    return "admin, Unix socket";
  }
  return "admin";
}

std::string routes_markdown() {
  std::string out = "| method and path | role | what it does | body | answer |\n"
                    "| --- | --- | --- | --- | --- |\n";
  for (const auto& row : table) {
    std::string query;
    for (const auto& p : row.query)
      query += (query.empty() ? "?" : "&") + std::string(p.name) + "=";
    std::string body(row.request);
    if (row.may_be_raw)
      body += " or bytes";
    std::string answer(row.response);
    if (!row.other_response.empty())
      answer += (answer.empty() ? "`" : " or `") + std::string(row.other_response) + "`";
    const auto role = row.needs == access::open ? "none" : to_string(row.needs);
    out += "| `" + std::string(row.method) + " " + std::string(row.pattern) + query + "` | " +
           std::string(role) + " | " + std::string(row.summary) + " | " + body + " | " +
           std::to_string(row.status) + (answer.empty() ? "" : " " + answer) + " |\n";
  }
  return out;
}

} // namespace roost::connection::api
