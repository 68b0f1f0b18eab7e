#include "actors/connection/api/render.hpp"

#include "actors/connection/api/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

constexpr std::string_view frame_start = R"({"type":"event",)";

json::string text(std::string_view raw) { return json::string(valid_utf8(raw)); }

json::value text_or_null(std::string_view raw) {
  return raw.empty() ? json::value(nullptr) : json::value(text(raw));
}

template <class T>
json::value or_null(const std::optional<T>& x) {
  return x ? json::value(*x) : json::value(nullptr);
}

json::value time_or_null(const std::optional<wall_time>& x) {
  return x ? json::value(rfc3339(*x)) : json::value(nullptr);
}

json::array texts(const std::vector<std::string>& list) {
  json::array out;
  out.reserve(list.size());
  for (const auto& entry : list)
    out.emplace_back(text(entry));
  return out;
}

json::array limits_json(const std::vector<session_limit>& limits) {
  json::array out;
  for (const auto& limit : limits) {
    // All but cores are counted in wholes.
    const auto whole = std::llround(limit.value);
    const bool is_whole = static_cast<double>(whole) == limit.value;
    out.push_back(json::object{{"name", text(limit.name)},
                               {"value", is_whole ? json::value(whole) : json::value(limit.value)},
                               {"enforced_by", text(limit.enforced_by)}});
  }
  return out;
}

json::value usage_json(const std::optional<session_usage>& x) {
  if (!x)
    return nullptr;
  json::object out;
  out["cpu_percent"] = std::round(x->cpu_percent * 10) / 10;
  out["cpu_ms"] = x->cpu.count();
  out["memory_bytes"] = x->memory_bytes;
  out["processes"] = x->processes;
  out["foreground"] = text_or_null(x->foreground);
  out["cwd"] = text_or_null(x->cwd);
  out["at"] = rfc3339(x->at);
  return out;
}

} // namespace

std::string_view to_string(size_policy_kind policy) {
  switch (policy) {
  case size_policy_kind::latest:
    return "latest";
  case size_policy_kind::smallest:
    return "smallest";
  case size_policy_kind::largest:
    return "largest";
  case size_policy_kind::manual:
    return "manual";
  }
  return "latest";
}

std::string_view to_string(restart_policy policy) {
  switch (policy) {
  case restart_policy::never:
    return "never";
  case restart_policy::on_failure:
    return "on-failure";
  case restart_policy::always:
    return "always";
  }
  return "never";
}

json::object session_json(const session_info& x, std::string_view node) {
  json::object out;
  out["id"] = x.id.value;
  out["title"] = text(x.title);
  out["node"] = text(node);
  out["state"] = to_string(x.state);
  out["command"] = texts(x.command);
  out["cwd"] = text(x.cwd);
  out["pid"] = x.pid > 0 ? json::value(x.pid) : json::value(nullptr);
  out["cols"] = x.cols;
  out["rows"] = x.rows;
  out["created_at"] = rfc3339(x.created_at);
  out["exited_at"] = time_or_null(x.exited_at);
  out["exit_status"] = or_null(x.exit_status);
  out["signal"] = or_null(x.signal);
  out["end_reason"] = text_or_null(x.end_reason);
  out["epoch"] = x.epoch;
  out["offset"] = x.offset;
  out["viewers"] = x.viewers;
  out["holder"] =
      x.holder ? json::value(roost::to_string(x.holder->connection)) : json::value(nullptr);
  out["size_policy"] = to_string(x.size_policy);
  out["sandbox"] = text(x.sandbox);
  out["run_as"] = text_or_null(x.run_as);
  json::object restart;
  restart["policy"] = to_string(x.restart.policy);
  restart["count"] = x.restart.count;
  restart["next_at"] = time_or_null(x.restart.next_at);
  restart["last_exit_status"] = or_null(x.restart.last_exit_status);
  restart["last_signal"] = or_null(x.restart.last_signal);
  restart["given_up"] = x.restart.has_given_up;
  out["restart"] = std::move(restart);
  out["record"] = x.record;
  out["limits"] = limits_json(x.limits);
  out["agent"] = nullptr;
  json::object shell;
  shell["cwd"] = text_or_null(x.shell.cwd);
  shell["prompt"] = x.shell.at_prompt;
  shell["running"] = text_or_null(x.shell.running);
  shell["last_exit_status"] = or_null(x.shell.last_exit_status);
  out["shell"] = std::move(shell);
  out["usage"] = usage_json(x.usage);
  return out;
}

std::string session_list_json(const session_list& list, std::string_view node,
                              const principal& who) {
  json::array sessions;
  for (const auto& session : list.sessions)
    if (who.may_see(session.id))
      sessions.push_back(session_json(session, node));
  return json::serialize(json::object{{"sessions", std::move(sessions)}});
}

std::string sandbox_list_json(const std::vector<sandbox_offer>& offers) {
  json::array list;
  for (const auto& x : offers) {
    json::object out;
    out["name"] = text(x.profile.name);
    out["description"] = text(x.description);
    out["base"] = roost::to_string(x.profile.base);
    out["network"] = roost::to_string(x.profile.network);
    out["home"] = roost::to_string(x.profile.home);
    out["seccomp"] = roost::to_string(x.profile.seccomp);
    out["writable"] = texts(x.profile.writable);
    out["default"] = x.is_default;
    out["available"] = x.why_not.empty();
    out["why_not"] = x.why_not.empty() ? json::value(nullptr) : json::value(text(x.why_not));
    list.push_back(std::move(out));
  }
  return json::serialize(json::object{{"sandboxes", std::move(list)}});
}

std::string input_accepted_json(const input_accepted& x) {
  return json::serialize(json::object{{"bytes", x.bytes}});
}

std::string command_result_json(const command_result& x) {
  json::object out;
  out["finished"] = x.finished;
  out["exit_status"] = or_null(x.exit_status);
  out["output"] = text(x.output);
  out["truncated"] = x.truncated;
  out["duration_ms"] = x.duration.count();
  return json::serialize(out);
}

std::string wait_result_json(const wait_result& x) {
  json::object out;
  out["met"] = x.met;
  out["reason"] = x.reason;
  out["offset"] = x.offset;
  out["exit_status"] = or_null(x.exit_status);
  return json::serialize(out);
}

http_response screen_response(const screen_view& view, screen_format format) {
  if (format != screen_format::lines) {
    http_response answer;
    answer.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"X-Roost-Offset", std::to_string(view.offset)}};
    answer.body = valid_utf8(view.body);
    return answer;
  }
  json::object out;
  out["cols"] = view.cols;
  out["rows"] = view.rows;
  out["cursor"] = json::object{
      {"row", view.cursor_row}, {"col", view.cursor_col}, {"visible", view.cursor_visible}};
  out["title"] = text(view.title);
  out["alternate"] = view.alternate;
  out["offset"] = view.offset;
  out["lines"] = texts(view.lines);
  return json_response(200, json::serialize(out));
}

http_response output_response(const output_range& range) {
  http_response answer;
  answer.headers = {{"Content-Type", "application/octet-stream"},
                    {"Cache-Control", "no-store"},
                    {"X-Roost-Offset", std::to_string(range.offset)},
                    {"X-Roost-Epoch", range.epoch},
                    {"X-Roost-End", std::to_string(range.end)}};
  if (range.gap > 0)
    answer.headers.emplace_back("X-Roost-Gap", std::to_string(range.gap));
  std::size_t size = 0;
  for (const auto& piece : range.bytes)
    size += piece.size;
  answer.body.reserve(size);
  for (const auto& piece : range.bytes)
    answer.body += piece.view();
  return answer;
}

json::object token_json(const token& row) {
  json::object out;
  out["id"] = row.id;
  out["role"] = connection::to_string(row.may);
  out["session"] = row.only ? json::value(row.only->value) : json::value(nullptr);
  out["run_as"] = text_or_null(row.run_as);
  out["label"] = text(row.label);
  out["created_at"] = rfc3339(row.created_at);
  out["expires_at"] = time_or_null(row.expires_at);
  out["last_used_at"] = time_or_null(row.used_at);
  out["node"] = text_or_null(row.node);
  return out;
}

std::string token_list_json(const std::vector<token>& rows) {
  json::array tokens;
  for (const auto& row : rows)
    tokens.push_back(token_json(row));
  return json::serialize(json::object{{"tokens", std::move(tokens)}});
}

std::string new_token_json(const new_token& made) {
  auto out = token_json(made.row);
  out.erase("last_used_at");
  out["token"] = made.text;
  return json::serialize(out);
}

json::object components_json(const std::vector<component>& parts) {
  json::object out;
  for (const auto& part : parts)
    out[part.name] = json::object{{"ready", part.is_ready}, {"reason", text_or_null(part.reason)}};
  return out;
}

http_response readiness_response(const std::vector<component>& parts) {
  const auto is_ready =
      std::all_of(parts.begin(), parts.end(), [](const component& x) { return x.is_ready; });
  json::object out;
  out["ready"] = is_ready;
  out["components"] = components_json(parts);
  return json_response(is_ready ? 200 : 503, json::serialize(out));
}

std::string status_json(const node_status& status) {
  json::object out;
  out["node"] = text(status.node);
  out["version"] = status.version;
  out["uptime_ms"] = status.uptime.count();
  out["sessions"] = status.sessions;
  out["connections"] = status.connections;
  out["components"] = components_json(status.components);
  return json::serialize(out);
}

namespace {

event_text event_text_of(std::uint64_t id, event_topic topic, const json::object& data) {
  const auto body = json::serialize(data);
  event_text out;
  out.frame = std::string(frame_start) + body.substr(1);
  out.stream = fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, roost::to_string(topic), body);
  return out;
}

} // namespace

event_text session_event_text(std::uint64_t id, event_topic topic, const session_info& session,
                              std::string_view node, wall_time at) {
  json::object data;
  data["topic"] = roost::to_string(topic);
  data["at"] = rfc3339(at);
  data["session"] = session_json(session, node);
  return event_text_of(id, topic, data);
}

event_text pressure_event_text(std::uint64_t id, const publish_pressure& what, wall_time at) {
  constexpr auto topic = event_topic::pool_pressure;
  const json::object data{{"topic", roost::to_string(topic)},
                          {"at", rfc3339(at)},
                          {"level", what.level},
                          {"gauge", what.gauge},
                          {"used", what.used},
                          {"capacity", what.capacity}};
  return event_text_of(id, topic, data);
}

event_text database_event_text(std::uint64_t id, const publish_database& what, wall_time at) {
  constexpr auto topic = event_topic::database_changed;
  const json::object data{
      {"topic", roost::to_string(topic)},
      {"at", rfc3339(at)},
      {"state", roost::to_string(what.state)},
      {"reason", what.reason.empty() ? json::value(nullptr) : json::value(what.reason)},
      {"backend", roost::to_string(what.backend)}};
  return event_text_of(id, topic, data);
}

event_text channel_event_text(std::uint64_t id, const publish_channel& what, wall_time at) {
  constexpr auto topic = event_topic::channel_changed;
  const auto& t = what.change;
  const json::object data{
      {"topic", roost::to_string(topic)},
      {"at", rfc3339(at)},
      {"channel",
       {{"name", what.name},
        {"state", t.to},
        {"from", t.from},
        {"what", t.what},
        {"why", t.why},
        {"retry_after_ms", what.retry_after.count()},
        {"window", {{"calls", t.calls}, {"failed", t.failed}, {"slow", t.slow}}}}}};
  return event_text_of(id, topic, data);
}

std::string gap_text(wall_time at) {
  const json::object data{{"topic", "gap"}, {"at", rfc3339(at)}};
  return fmt::format("event: gap\ndata: {}\n\n", json::serialize(data));
}

http_response json_response(unsigned status, std::string body) {
  http_response answer;
  answer.status = status;
  answer.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  answer.body = std::move(body);
  return answer;
}

} // namespace roost::connection::api
