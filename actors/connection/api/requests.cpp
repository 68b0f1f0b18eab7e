#include "actors/connection/api/requests.hpp"

#include "actors/connection/api/json_reader.hpp"
#include "actors/connection/encoding.hpp"
#include "actors/terminal/terminal_size.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace roost::connection::api {

namespace {

// As the kernel's MAX_ARG_STRLEN, without its final NUL.
constexpr std::size_t longest_argument = 128 * 1024 - 1;
constexpr std::size_t most_arguments = 1024;
constexpr std::size_t most_variables = 1024;
// As PATH_MAX, without its final NUL.
constexpr std::size_t longest_path = 4095;
constexpr std::size_t longest_title = 256;
constexpr std::size_t longest_pattern = 4096;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_user = 256;
constexpr std::size_t most_keys = 1024;
constexpr std::size_t longest_key_name = 64;
// The body's limit is the limit.
constexpr std::size_t longest_input = std::size_t{1} << 20;
constexpr std::size_t longest_label = 100;
// Ten years: longer is a token that does not expire, and that one can say.
constexpr std::uint64_t longest_life_s = 10ULL * 366 * 24 * 3600;

constexpr std::uint64_t most_hits = 200;
constexpr std::uint64_t default_hits = 20;

std::optional<size_policy_kind> read_size_policy(object_reader& fields) {
  return fields.choice<size_policy_kind>("size_policy", {{"latest", size_policy_kind::latest},
                                                         {"smallest", size_policy_kind::smallest},
                                                         {"largest", size_policy_kind::largest},
                                                         {"manual", size_policy_kind::manual}});
}

std::optional<restart_policy> read_restart_policy(object_reader& fields) {
  return fields.choice<restart_policy>("restart", {{"never", restart_policy::never},
                                                   {"on-failure", restart_policy::on_failure},
                                                   {"always", restart_policy::always}});
}

/// A size in cells; a number outside its range is bad_size, as the terminal itself would say.
std::optional<std::uint16_t> read_cells(object_reader& fields, std::string_view name,
                                        std::uint64_t most) {
  const auto cells = fields.number(name, 1, most, terminal_error::bad_size);
  if (!cells)
    return std::nullopt;
  return static_cast<std::uint16_t>(*cells);
}

std::optional<std::string> read_title(object_reader& fields) {
  auto title = fields.text("title", {0, longest_title});
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (title && std::any_of(title->begin(), title->end(), is_control)) {
    fields.fail({terminal_error::bad_title, "title: must not contain control characters"});
    return std::nullopt;
  }
  return title;
}

/// A number in the query, or the default.
result<std::uint64_t> read_number(const http_request& request, std::string_view name,
                                  std::uint64_t least, std::uint64_t most, std::uint64_t absent) {
  const auto* text = request.parameter(name);
  if (!text)
    return absent;
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (code != std::errc{} || end != text->data() + text->size() || value < least || value > most)
    return bad_parameter(
        name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most),
        *text);
  return value;
}

void read_text(const http_request& request, std::string_view name,
               std::optional<std::string>& into) {
  if (const auto* value = request.parameter(name))
    into = *value;
}

/// `application/json; charset=utf-8` without what comes after the type, in lower case.
std::string media_type(const http_request& request) {
  const auto header = request.header("content-type");
  return to_lower(trim(header.substr(0, header.find(';'))));
}

std::chrono::milliseconds read_timeout(object_reader& fields) {
  const auto most = static_cast<std::uint64_t>(longest_wait.count());
  const auto timeout = fields.number("timeout_ms", 1, most);
  return timeout ? std::chrono::milliseconds(*timeout) : default_wait;
}

} // namespace

result<create_session> parse_create(std::string_view body, std::string_view node) {
  create_session out;
  if (body.empty())
    return out;
  ROOST_TRY(const auto value, parse_json(body));
  object_reader fields(value);
  if (auto command = fields.texts("command", most_arguments, {0, longest_argument})) {
    if (!command->empty() && command->front().empty())
      fields.fail({terminal_error::bad_command, "command[0]: must not be empty"});
    out.command = std::move(*command);
  }
  if (auto cwd = fields.text("cwd", {1, longest_path}))
    out.cwd = std::move(*cwd);
  if (auto env = fields.text_map("env", most_variables, {0, longest_argument})) {
    for (const auto& [name, unused] : *env)
      if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos)
        fields.fail({terminal_error::bad_environment,
                     "env: a variable's name must not be empty or contain \"=\" or NUL"});
    out.env = std::move(*env);
  }
  if (const auto cols = read_cells(fields, "cols", terminal::max_columns))
    out.cols = *cols;
  if (const auto rows = read_cells(fields, "rows", terminal::max_rows))
    out.rows = *rows;
  out.title = read_title(fields).value_or("");
  if (const auto policy = read_size_policy(fields))
    out.size_policy = *policy;
  out.sandbox = fields.text("sandbox", {0, longest_name}).value_or("");
  out.run_as = fields.text("run_as", {0, longest_user}).value_or("");
  if (const auto policy = read_restart_policy(fields))
    out.restart = *policy;
  out.record = fields.flag("record");
  if (const auto where = fields.text("node", {0, longest_name});
      where && !where->empty() && *where != node)
    fields.fail({request_error::bad_value, "node: this server is \"" + std::string(node) +
                                               "\" and starts sessions on " + "itself only, got " +
                                               brief(boost::json::value(*where))});
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

result<update_session> parse_update(std::string_view body) {
  ROOST_TRY(const auto value, parse_json(body));
  object_reader fields(value);
  update_session out;
  out.title = read_title(fields);
  out.size_policy = read_size_policy(fields);
  out.restart = read_restart_policy(fields);
  out.record = fields.flag("record");
  if (!out.title && !out.size_policy && !out.restart && !fields.has("record"))
    fields.fail({request_error::missing_field,
                 "nothing to change: give at least one of title, size_policy, restart, record"});
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

result<resize_session> parse_resize(std::string_view body) {
  ROOST_TRY(const auto value, parse_json(body));
  object_reader fields(value);
  resize_session out;
  out.cols = read_cells(fields, "cols", terminal::max_columns).value_or(0);
  out.rows = read_cells(fields, "rows", terminal::max_rows).value_or(0);
  fields.require("cols");
  fields.require("rows");
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

result<input_request> parse_input(const http_request& request) {
  input_request out;
  const auto* wait = request.parameter("wait");
  if (wait && *wait != "command")
    return bad_parameter("wait", "command", *wait);
  out.waits_for_command = wait != nullptr;
  if (!wait && request.parameter("timeout_ms"))
    return failure(request_error::bad_value,
                   "the query parameter timeout_ms: makes sense only with wait=command");
  ROOST_TRY(const auto timeout,
            read_number(request, "timeout_ms", 1, static_cast<std::uint64_t>(longest_wait.count()),
                        static_cast<std::uint64_t>(default_wait.count())));
  if (media_type(request) == "application/octet-stream") {
    out.input.bytes = request.body;
  } else {
    ROOST_TRY(const auto value, parse_json(request.body));
    object_reader fields(value);
    if (auto text = fields.raw_text("text", {0, longest_input}))
      out.input.bytes = std::move(*text);
    if (auto keys = fields.texts("keys", most_keys, {1, longest_key_name}))
      out.input.keys = std::move(*keys);
    if (!fields.has("text") && !fields.has("keys"))
      fields.fail({request_error::missing_field, "nothing to type: give text, keys or both"});
    if (out.waits_for_command && fields.has("keys"))
      fields.fail(
          {request_error::bad_value, "keys: cannot be waited for; give the command as text"});
    if (auto ok = fields.finish(); !ok)
      return std::move(ok).error();
  }
  if (!out.waits_for_command)
    return out;
  // The line's end is the server's to type, whether or not the caller wrote one.
  auto& line = out.input.bytes;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
    line.pop_back();
  if (line.find_first_not_of(" \t\r\n") == std::string::npos)
    return failure(request_error::bad_value, "text: there is no command in it");
  out.command.text = std::move(line);
  out.command.timeout = std::chrono::milliseconds(timeout);
  return out;
}

result<wait_for> parse_wait(std::string_view body) {
  ROOST_TRY(const auto value, parse_json(body));
  object_reader fields(value);
  wait_for out;
  int conditions = 0;
  if (auto text = fields.text("text", {1, longest_pattern})) {
    out.kind = wait_kind::text;
    out.pattern = std::move(*text);
  }
  if (auto regex = fields.text("regex", {1, longest_pattern})) {
    out.kind = wait_kind::regex;
    out.pattern = std::move(*regex);
  }
  if (const auto idle =
          fields.number("idle_ms", 1, static_cast<std::uint64_t>(longest_wait.count()))) {
    out.kind = wait_kind::idle;
    out.idle = std::chrono::milliseconds(*idle);
  }
  for (const auto& [name, kind] :
       {std::pair{"command", wait_kind::command}, std::pair{"exit", wait_kind::exit}}) {
    const auto is_wanted = fields.flag(name);
    if (is_wanted && *is_wanted)
      out.kind = kind;
    else if (is_wanted)
      fields.fail(
          {request_error::bad_value, std::string(name) + ": say true, or leave the field out"});
  }
  for (const auto name : {"text", "regex", "idle_ms", "command", "exit"})
    conditions += fields.has(name) ? 1 : 0;
  out.timeout = read_timeout(fields);
  out.since = fields.number("since", 0, wire::max_offset);
  if (conditions == 0)
    fields.fail({request_error::missing_field,
                 "nothing to wait for: give one of text, regex, idle_ms, command, exit"});
  if (conditions > 1)
    fields.fail(
        {request_error::bad_value, "give exactly one of text, regex, idle_ms, command, exit"});
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

result<read_screen> parse_screen_query(const http_request& request) {
  const auto* format = request.parameter("format");
  if (!format || *format == "text")
    return read_screen{screen_format::text};
  if (*format == "ansi")
    return read_screen{screen_format::ansi};
  if (*format == "json")
    return read_screen{screen_format::lines};
  return bad_parameter("format", "text, ansi or json", *format);
}

result<read_output> parse_output_query(const http_request& request) {
  read_output out;
  ROOST_TRY(out.since, read_number(request, "since", 0, wire::max_offset, 0));
  ROOST_TRY(out.limit, read_number(request, "limit", 1, max_output_limit, default_output_limit));
  return out;
}

result<recording_format> parse_recording_query(const http_request& request) {
  const auto* format = request.parameter("format");
  if (!format)
    return recording_format::asciicast_v3;
  if (const auto known = find_recording_format(*format))
    return *known;
  return bad_parameter("format", "asciicast-v3, asciicast-v2 or text", *format);
}

result<kill_session> parse_delete_query(const http_request& request) {
  const auto* now = request.parameter("now");
  if (!now || *now == "0")
    return kill_session{false};
  if (*now == "1")
    return kill_session{true};
  return bad_parameter("now", "0 or 1", *now);
}

result<std::vector<event_topic>> parse_topics(const std::vector<std::string>& names) {
  std::vector<event_topic> out;
  for (const auto& name : names) {
    const auto topic = find_topic(name);
    if (!topic) {
      std::vector<std::string_view> known;
      for (const auto& row : event_topics)
        known.push_back(row.second);
      auto why = unknown_name("the topic", name, known);
      return failure(request_error::bad_value, std::move(why.detail));
    }
    if (std::find(out.begin(), out.end(), *topic) == out.end())
      out.push_back(*topic);
  }
  return out;
}

result<event_filter> parse_events(const http_request& request) {
  event_filter out;
  out.only = request.who.only;
  if (const auto* list = request.parameter("topics")) {
    std::vector<std::string> names;
    for (std::string_view rest = *list;;) {
      const auto comma = rest.find(',');
      names.emplace_back(trim(rest.substr(0, comma)));
      if (comma == std::string_view::npos)
        break;
      rest.remove_prefix(comma + 1);
    }
    ROOST_TRY(out.topics, parse_topics(names));
  } else {
    for (const auto& row : event_topics)
      out.topics.push_back(row.first);
  }
  if (const auto last = trim(request.header("last-event-id")); !last.empty()) {
    std::uint64_t id = 0;
    const auto [end, code] = std::from_chars(last.data(), last.data() + last.size(), id);
    if (code != std::errc{} || end != last.data() + last.size())
      return failure(request_error::bad_value,
                     "the header Last-Event-ID: expected the id of an event, a whole number, got " +
                         brief(boost::json::value(boost::json::string_view(last))));
    out.since = id;
  }
  return out;
}

result<database::paging> parse_paging(const http_request& request, std::uint32_t most,
                                      std::uint32_t otherwise) {
  database::paging out;
  ROOST_TRY(const auto limit, read_number(request, "limit", 1, most, otherwise));
  out.limit = static_cast<std::uint32_t>(limit);
  if (const auto* cursor = request.parameter("cursor"))
    out.cursor = *cursor;
  return out;
}

result<history_request> parse_history(const http_request& request) {
  history_request out;
  ROOST_TRY(out.scope, parse_scope(request));
  ROOST_TRY(out.what.created, parse_time_range(request));
  read_text(request, "state", out.what.state);
  read_text(request, "owner", out.what.owner);
  ROOST_TRY(out.what.at, parse_paging(request, database::store::most_rows, 100));
  return out;
}

result<store_request<database::audit_query>> parse_audit(const http_request& request) {
  store_request<database::audit_query> out;
  ROOST_TRY(out.scope, parse_scope(request));
  ROOST_TRY(out.what.when, parse_time_range(request));
  read_text(request, "who", out.what.who);
  read_text(request, "action", out.what.action);
  ROOST_TRY(out.what.at, parse_paging(request, database::store::most_rows, 100));
  return out;
}

result<store_request<database::connection_query>>
parse_connection_history(const http_request& request) {
  store_request<database::connection_query> out;
  ROOST_TRY(out.scope, parse_scope(request));
  ROOST_TRY(out.what.opened, parse_time_range(request));
  read_text(request, "who", out.what.who);
  ROOST_TRY(out.what.at, parse_paging(request, database::store::most_rows, 100));
  return out;
}

result<search_request> parse_search(const http_request& request) {
  search_request out;
  auto& query = out.what;
  const auto* words = request.parameter("q");
  if (!words)
    return failure(request_error::bad_value, "the query parameter q: is missing; it says what is "
                                             "searched for");
  if (auto parsed = database::search_query::parse(*words); !parsed)
    return failure(request_error::bad_value, parsed.error());
  query.words = *words;
  read_text(request, "session", query.session);
  if (const auto& only = request.who.only) {
    if (query.session.value_or(only->value) != only->value)
      return failure(request_error::forbidden, "the token is limited to another session");
    query.session = only->value;
  }
  ROOST_TRY(query.when, parse_time_range(request));
  read_text(request, "command", query.command);
  if (const auto* text = request.parameter("exit_status")) {
    std::int32_t status = 0;
    const auto* const last = text->data() + text->size();
    const auto [end, code] = std::from_chars(text->data(), last, status);
    if (code != std::errc{} || end != last)
      return bad_parameter("exit_status", "a whole number", *text);
    query.exit_status = status;
  }
  ROOST_TRY(out.scope, parse_scope(request));
  ROOST_TRY(query.at, parse_paging(request, most_hits, default_hits));
  return out;
}

result<token_request> parse_token_request(std::string_view body, wall_time now) {
  ROOST_TRY(const auto value, parse_json(body));
  object_reader fields(value);
  token_request out;
  if (const auto may = fields.choice<role>(
          "role", {{"viewer", role::viewer}, {"operator", role::operate}, {"admin", role::admin}}))
    out.may = *may;
  fields.require("role");
  out.label = fields.text("label", {0, longest_label}).value_or("");
  out.run_as = fields.text("run_as", {0, longest_user}).value_or("");
  if (const auto life = fields.number("expires_in_s", 1, longest_life_s))
    out.expires_at = now + std::chrono::seconds(*life);
  if (const auto session = fields.text("session", {1, longest_name})) {
    if (auto id = parse_session_id(*session))
      out.only = std::move(*id);
    else
      fields.fail({request_error::bad_value, "session: " + id.error().detail});
  }
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

result<session_id> parse_session_id(std::string_view text) {
  const auto is_fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 32 || !std::all_of(text.begin(), text.end(), is_fine))
    return failure(terminal_error::no_such_session,
                   brief(boost::json::value(boost::json::string_view(text))) +
                       " is not a session's id: those are up to 32 lower-case letters and digits");
  return session_id{std::string(text)};
}

result<void> check_query(const route& row, const http_request& request) {
  std::vector<std::string_view> known;
  for (const auto& p : row.query)
    known.push_back(p.name);
  std::set<std::string_view> seen;
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return unknown_name("the query parameter", name, known);
    if (!seen.insert(name).second)
      return failure(request_error::bad_value,
                     "the query parameter " + name + ": is there more than once");
  }
  return {};
}

result<void> check_body(const route& row, const http_request& request) {
  if (request.body.size() > row.max_body) {
    if (row.max_body == 0)
      return failure(request_error::bad_request, "this request takes no body");
    return failure(request_error::body_too_large,
                   "at most " + std::to_string(row.max_body) + " bytes are taken here");
  }
  if (row.request.empty() || (request.body.empty() && request.header("content-type").empty()))
    return {};
  const auto type = media_type(request);
  if (type == "application/json" || (row.may_be_raw && type == "application/octet-stream"))
    return {};
  return failure(request_error::unsupported_media_type,
                 std::string("send the header Content-Type: application/json") +
                     (row.may_be_raw ? " or application/octet-stream" : ""));
}

} // namespace roost::connection::api
