#include "actors/connection/ws_messages.hpp"

#include "actors/connection/api/json_reader.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <limits>

namespace roost::connection {

namespace json = boost::json;

namespace {

constexpr std::uint64_t max_stream = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t max_size = std::numeric_limits<std::uint16_t>::max();
// Ids of the client's own come back to it as JSON numbers.
constexpr std::uint64_t max_id = wire::max_offset;
constexpr std::size_t max_topics = 32;

using reader = api::object_reader;

std::uint32_t stream_of(reader& fields) {
  fields.require("stream");
  return static_cast<std::uint32_t>(fields.number("stream", 0, max_stream).value_or(0));
}

std::uint16_t size_of(reader& fields, std::string_view name) {
  fields.require(name);
  // The session's own bounds are checked where they are known.
  return static_cast<std::uint16_t>(
      fields.number(name, 0, max_size, terminal_error::bad_size).value_or(0));
}

std::uint64_t id_of(reader& fields) {
  fields.require("id");
  return fields.number("id", 0, max_id).value_or(0);
}

result<client_message> parse_attach(reader& fields, const json::value& whole) {
  attach_message x;
  x.stream = stream_of(fields);
  fields.require("session");
  x.session.value = fields.text("session", {1, 64}).value_or("");
  x.cols = size_of(fields, "cols");
  x.rows = size_of(fields, "rows");
  x.mode = fields
               .choice<viewer_mode>(
                   "mode", {{"control", viewer_mode::control}, {"view", viewer_mode::view}})
               .value_or(viewer_mode::control);
  if (fields.has("since")) {
    const auto& since = whole.as_object().at("since");
    if (!since.is_null()) {
      reader inner(since, fields.path_of("since"));
      inner.require("epoch");
      inner.require("offset");
      x.since_epoch = inner.text("epoch", {0, 64});
      x.since_offset = inner.number("offset", 0, wire::max_offset).value_or(0);
      if (auto good = inner.finish(); !good)
        return good.error();
    }
  }
  if (auto good = fields.finish(); !good)
    return good.error();
  return client_message{std::move(x)};
}

template <class Message>
result<client_message> finish(const reader& fields, Message message) {
  if (auto good = fields.finish(); !good)
    return good.error();
  return client_message{std::move(message)};
}

json::value holder_value(std::optional<connection_id> holder) {
  return holder ? json::value(to_string(*holder)) : json::value(nullptr);
}

} // namespace

result<client_message> parse_client_message(std::string_view text) {
  ROOST_TRY(const auto value, api::parse_json(text));
  reader fields(value);
  if (value.is_object() && !fields.has("type")) // else its other fields would look unknown
    return failure{request_error::missing_field, "type"};
  enum class kind { attach, detach, resize, take_control, refresh, call, cancel, subscribe, ping };
  const auto type = fields.choice<kind>("type", {{"attach", kind::attach},
                                                 {"detach", kind::detach},
                                                 {"resize", kind::resize},
                                                 {"take_control", kind::take_control},
                                                 {"refresh", kind::refresh},
                                                 {"call", kind::call},
                                                 {"cancel", kind::cancel},
                                                 {"subscribe", kind::subscribe},
                                                 {"ping", kind::ping}});
  if (!type) {
    auto why = fields.finish();
    return why ? failure{request_error::bad_value, "type"} : std::move(why).error();
  }
  switch (*type) {
  case kind::attach:
    return parse_attach(fields, value);
  case kind::detach:
    return finish(fields, detach_message{stream_of(fields)});
  case kind::resize: {
    resize_message x;
    x.stream = stream_of(fields);
    x.cols = size_of(fields, "cols");
    x.rows = size_of(fields, "rows");
    return finish(fields, x);
  }
  case kind::take_control:
    return finish(fields, take_control_message{stream_of(fields)});
  case kind::refresh:
    return finish(fields, refresh_message{stream_of(fields)});
  case kind::call: {
    call_message x;
    x.id = id_of(fields);
    fields.require("channel");
    x.channel = fields.text("channel", {1, 64}).value_or("");
    x.what = api::read_call(fields);
    return finish(fields, std::move(x));
  }
  case kind::cancel:
    return finish(fields, cancel_message{id_of(fields)});
  case kind::subscribe: {
    fields.require("topics");
    subscribe_message x;
    x.topics = fields.texts("topics", max_topics, {1, 64}).value_or(std::vector<std::string>{});
    return finish(fields, std::move(x));
  }
  case kind::ping:
    return finish(fields, ping_message{id_of(fields)});
  }
  return failure{request_error::bad_value, "type"};
}

std::string render_hello(std::string_view node, connection_id id, const hello_limits& limits) {
  return json::serialize(json::object{{"type", "hello"},
                                      {"node", node},
                                      {"version", ROOST_VERSION},
                                      {"connection", to_string(id)},
                                      {"limits",
                                       {{"window", limits.window},
                                        {"max_frame", limits.max_frame},
                                        {"max_streams", limits.max_streams}}}});
}

std::string render_attached(const attached_view& x) {
  json::object out{{"type", "attached"},
                   {"stream", x.stream},
                   {"session", x.session},
                   {"epoch", x.epoch},
                   {"offset", x.offset},
                   {"live_offset", x.live_offset},
                   {"how", x.delta ? "delta" : "snapshot"},
                   {"reason", nullptr},
                   {"mode", x.mode == viewer_mode::control ? "control" : "view"},
                   {"cols", x.cols},
                   {"rows", x.rows},
                   {"holder", holder_value(x.holder)}};
  if (!x.delta)
    out["reason"] = wire::to_string(x.reason);
  return json::serialize(out);
}

std::string render_resized(std::uint32_t stream, std::uint16_t cols, std::uint16_t rows) {
  return json::serialize(
      json::object{{"type", "resized"}, {"stream", stream}, {"cols", cols}, {"rows", rows}});
}

std::string render_control(std::uint32_t stream, std::optional<connection_id> holder, bool you) {
  return json::serialize(json::object{
      {"type", "control"}, {"stream", stream}, {"holder", holder_value(holder)}, {"you", you}});
}

std::string render_exited(std::uint32_t stream, std::optional<int> status,
                          std::optional<int> signal) {
  json::object out{
      {"type", "exited"}, {"stream", stream}, {"status", nullptr}, {"signal", nullptr}};
  if (status)
    out["status"] = *status;
  if (signal)
    out["signal"] = *signal;
  return json::serialize(out);
}

std::string render_lag(std::uint32_t stream, std::uint64_t bytes) {
  return json::serialize(json::object{{"type", "lag"}, {"stream", stream}, {"bytes", bytes}});
}

std::string render_error(std::optional<std::uint32_t> stream, const failure& why,
                         std::string_view correlation) {
  const auto& row = describe(why);
  std::string message{row.title};
  if (!why.detail.empty())
    message += ": " + why.detail;
  json::object out{{"type", "error"}};
  if (stream)
    out["stream"] = *stream;
  out["code"] = row.name;
  out["message"] = message;
  out["correlation_id"] = correlation;
  return json::serialize(out);
}

std::string render_pong(std::uint64_t id) {
  return json::serialize(json::object{{"type", "pong"}, {"id", id}});
}

std::string render_pressure(int level, std::uint64_t used, std::uint64_t capacity) {
  return json::serialize(
      json::object{{"type", "pressure"}, {"level", level}, {"used", used}, {"capacity", capacity}});
}

std::string render_idle_warning(std::int64_t seconds) {
  return json::serialize(json::object{{"type", "idle_warning"}, {"seconds", seconds}});
}

std::string render_draining(std::uint64_t reconnect_after_ms) {
  return json::serialize(
      json::object{{"type", "draining"}, {"reconnect_after_ms", reconnect_after_ms}});
}

} // namespace roost::connection
