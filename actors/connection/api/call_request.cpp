#include "actors/connection/api/call_request.hpp"

#include <boost/json/serialize.hpp>

namespace roost::connection::api {

namespace json = boost::json;

namespace {

constexpr object_reader::text_limits method_limits{1, 128};
constexpr std::uint64_t longest_override_s = 604'800;

/// JSON-RPC 2.0, section 4.2: by position or by name.
std::string params_text(object_reader& fields, const json::value& params) {
  if (!params.is_object() && !params.is_array()) {
    fields.fail(
        {request_error::bad_value,
         fields.path_of("params") + ": expected an object or a list, got " + brief(params)});
    return {};
  }
  return json::serialize(params);
}

/// Whether params say which method is meant.
bool names_method(const json::value& params) {
  if (!params.is_object())
    return false;
  const auto& o = params.get_object();
  return o.contains("method") && o.size() == (o.contains("params") ? 2U : 1U);
}

} // namespace

call_request read_call(object_reader& fields) {
  call_request out;
  const auto* params = fields.value("params");
  auto method = fields.text("method", method_limits);
  if (!method && params != nullptr && names_method(*params)) {
    const auto& inner = params->get_object();
    if (const auto& name = inner.at("method"); name.is_string() && !name.get_string().empty() &&
                                               name.get_string().size() <= method_limits.longest)
      method = std::string(name.get_string());
    else
      fields.fail({request_error::bad_value, fields.path_of("params") +
                                                 ".method: expected text of 1 to 128 bytes, got " +
                                                 brief(name)});
    params = inner.if_contains("params");
  }
  out.method = method.value_or(std::string(default_method));
  if (params != nullptr)
    out.params = params_text(fields, *params);
  out.timeout =
      std::chrono::milliseconds(fields.number("timeout_ms", 1, longest_call_ms).value_or(0));
  return out;
}

result<call_request> parse_call(std::string_view body) {
  ROOST_TRY(const auto value, parse_json(body));
  object_reader fields(value);
  fields.require("method");
  auto out = read_call(fields);
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

result<override_request> parse_override(std::string_view body) {
  ROOST_TRY(const auto value, parse_json(body));
  object_reader fields(value);
  override_request out;
  fields.require("state");
  fields.require("reason");
  out.state = fields
                  .choice<std::string_view>("state", {{"open", "forced-open"},
                                                      {"disabled", "disabled"},
                                                      {"metrics-only", "metrics-only"}})
                  .value_or("");
  out.reason = fields.text("reason", {1, 200}).value_or("");
  out.lasts = std::chrono::seconds(fields.number("ttl_s", 1, longest_override_s).value_or(0));
  if (auto ok = fields.finish(); !ok)
    return std::move(ok).error();
  return out;
}

} // namespace roost::connection::api
