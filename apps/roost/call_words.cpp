#include "apps/roost/call_words.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>

#include "apps/roost/json_read.hpp"
#include "apps/roost/problem.hpp"

namespace roost::cli {

namespace {

constexpr std::string_view usual_method = "call";

/// 1500 ms are 2 s: a time to wait is never told too short.
std::string seconds_text(std::int64_t ms) { return std::to_string((ms + 999) / 1000) + " s"; }

/// Whether the object says which method is meant.
bool names_method(const boost::json::object& from) {
  const auto* const method = from.if_contains("method");
  return method != nullptr && method->is_string() &&
         from.size() == (from.contains("params") ? 2U : 1U);
}

} // namespace

outcome<boost::json::object> call_body(const std::optional<std::string>& method,
                                       std::string_view json,
                                       std::optional<std::chrono::milliseconds> timeout) {
  boost::json::object body;
  const bool has_json = json.find_first_not_of(" \t\r\n") != std::string_view::npos;
  if (!has_json && !method)
    return usage_failure("there is nothing to ask", {}, "give JSON or --method");
  if (has_json) {
    boost::system::error_code error;
    auto value = boost::json::parse(json, error);
    if (error)
      return usage_failure("this is not valid JSON", std::string(json.substr(0, 60)),
                           error.message());
    if (!value.is_object() && !value.is_array())
      return usage_failure("the JSON is neither an object nor a list",
                           std::string(json.substr(0, 60)));
    if (!method && value.is_object() && names_method(value.get_object()))
      body = std::move(value.get_object());
    else
      body["params"] = std::move(value);
  }
  if (!body.contains("method"))
    body["method"] = method.value_or(std::string(usual_method));
  if (timeout)
    body["timeout_ms"] = timeout->count();
  return body;
}

std::string degraded_line(const boost::json::object& answer) {
  if (!flag_field(answer, "degraded").value_or(false))
    return {};
  auto line = "degraded: " + text_field(answer, "reason");
  if (const auto age = number_field(answer, "age_ms").value_or(0); age > 0)
    line += ", " + std::to_string(age / 1000) + " s old";
  return line;
}

command_failure call_failure(int status, std::string_view body, std::string_view channel) {
  auto why = problem_from_http(status, body);
  const auto problem = read_object(body).value_or(boost::json::object{});
  const auto reason = text_field(problem, "reason");
  if (reason.empty())
    return why;
  if (why.where.empty())
    why.where = channel;
  if (status == 404)
    return why; // the advice is to look at the list
  why.advice = reason;
  if (const auto code = number_field(problem, "helper_code"))
    why.advice += " " + std::to_string(*code);
  if (!flag_field(problem, "retryable").value_or(false))
    why.advice += ", not worth trying again";
  else if (const auto wait = number_field(problem, "retry_after_ms").value_or(0); wait > 0)
    why.advice += ", worth trying again in " + seconds_text(wait);
  else
    why.advice += ", worth trying again";
  return why;
}

} // namespace roost::cli
