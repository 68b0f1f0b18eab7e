#include "actors/connection/api/openapi.hpp"

#include "actors/connection/api/routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

json::object reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

json::object content(std::string_view media_type, json::object schema) {
  return {{media_type, json::object{{"schema", std::move(schema)}}}};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

json::array parameters(const route& row) {
  json::array out;
  if (row.pattern.find("{id}") != std::string_view::npos)
    out.push_back(json::object{{"name", "id"},
                               {"in", "path"},
                               {"required", true},
                               {"schema", json::object{{"type", "string"}}}});
  for (const auto& p : row.query)
    out.push_back(json::object{{"name", p.name},
                               {"in", "query"},
                               {"required", false},
                               {"description", p.about},
                               {"schema", json::parse(p.schema)}});
  if (row.handler == handler_id::watch_events)
    out.push_back(json::object{{"name", "Last-Event-ID"},
                               {"in", "header"},
                               {"required", false},
                               {"description", "the id of the last event seen"},
                               {"schema", json::object{{"type", "integer"}}}});
  return out;
}

json::object success(const route& row) {
  json::object media;
  if (!row.response.empty())
    media = content("application/json", reference(row.response));
  if (!row.other_response.empty())
    media[row.other_response] = json::object{{"schema", json::object{{"type", "string"}}}};
  json::object out{{"description", row.summary}};
  if (!media.empty())
    out["content"] = std::move(media);
  return out;
}

json::object answers(const route& row) {
  json::object out;
  out[std::to_string(row.status)] = success(row);
  // Rows whose answer depends on what they find.
  if (row.handler == handler_id::delete_session)
    out["200"] = success(row);
  if (row.handler == handler_id::send_input)
    out["200"] = json::object{{"description", "with wait=command: what the command did"},
                              {"content", content("application/json", reference("CommandResult"))}};
  if (row.handler == handler_id::get_readiness)
    out["503"] = success(row);
  if (row.handler == handler_id::get_output) {
    json::object headers;
    const auto header = [&](const char* name, const char* about, const char* type) {
      headers[name] =
          json::object{{"description", about}, {"schema", json::object{{"type", type}}}};
    };
    header("X-Roost-Offset", "absolute offset of the first byte", "integer");
    header("X-Roost-Epoch", "names the program that wrote the output", "string");
    header("X-Roost-End", "the session's output so far", "integer");
    header("X-Roost-Gap", "bytes after `since` that are no longer held", "integer");
    out["200"].as_object()["headers"] = std::move(headers);
  }
  out["default"] =
      json::object{{"description", "Refused or failed: RFC 9457"},
                   {"content", content("application/problem+json", reference("Problem"))}};
  return out;
}

json::object operation(const route& row) {
  json::object out;
  out["summary"] = row.summary;
  out["x-roost-role"] = to_string(row.needs);
  if (row.needs == access::open)
    out["security"] = json::array{};
  if (auto list = parameters(row); !list.empty())
    out["parameters"] = std::move(list);
  if (!row.request.empty()) {
    auto media = content("application/json", reference(row.request));
    if (row.may_be_raw)
      media["application/octet-stream"] =
          json::object{{"schema", json::object{{"type", "string"}, {"format", "binary"}}}};
    out["requestBody"] = json::object{{"content", std::move(media)}};
  }
  out["responses"] = answers(row);
  return out;
}

} // namespace

std::string openapi_json(std::string_view version) {
  json::object paths;
  for (const auto& row : routes()) {
    auto& path = paths[row.pattern];
    if (!path.is_object())
      path = json::object{};
    path.as_object()[lower(row.method)] = operation(row);
  }
  json::object schemes;
  schemes["token"] = json::object{{"type", "http"}, {"scheme", "bearer"}};
  schemes["cookie"] =
      json::object{{"type", "apiKey"}, {"in", "cookie"}, {"name", "roost_session_7680"}};
  json::object document;
  document["openapi"] = "3.1.0";
  document["info"] = json::object{{"title", "Roost"},
                                  {"version", version},
                                  {"summary", "Terminals that survive"},
                                  {"license", json::object{{"name", "Apache-2.0"}}}};
  document["security"] =
      json::array{json::object{{"token", json::array{}}}, json::object{{"cookie", json::array{}}}};
  document["paths"] = std::move(paths);
  document["components"] = json::object{{"schemas", json::parse(openapi_schemas())},
                                        {"securitySchemes", std::move(schemes)}};
  return json::serialize(document);
}

} // namespace roost::connection::api
