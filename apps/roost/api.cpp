#include "apps/roost/api.hpp"

#include <vector>

#include <boost/json/serialize.hpp>

#include "apps/roost/json_read.hpp"
#include "apps/roost/problem.hpp"
#include "apps/roost/reconnect_policy.hpp"
#include "apps/roost/session_ref.hpp"

namespace roost::cli {

outcome<http_response> api::send(const http_request& request) const {
  ROOST_TRY(auto response, send_request(address_, token_, request));
  if (response.status >= 400 || response.status < 200)
    return problem_from_http(response.status, response.body,
                             retry_after_in(response.header("Retry-After")));
  return response;
}

outcome<boost::json::object> api::call(std::string_view method, std::string_view path,
                                       const std::optional<boost::json::object>& body,
                                       std::chrono::milliseconds patience) const {
  http_request request;
  request.method = method;
  request.target = "/api/v1" + std::string(path);
  request.patience = patience;
  if (body) {
    request.body = boost::json::serialize(*body);
    request.content_type = "application/json";
  }
  ROOST_TRY(const auto response, send(request));
  return read_object(response.body).value_or(boost::json::object{});
}

outcome<boost::json::object> api::find_session(std::string_view word) const {
  ROOST_TRY(const auto list, call("GET", "/sessions"));
  std::vector<session_brief> briefs;
  const auto* const rows = list.if_contains("sessions");
  if (rows != nullptr && rows->is_array())
    for (const auto& row : rows->as_array())
      if (row.is_object())
        briefs.push_back({text_field(row.as_object(), "id"), text_field(row.as_object(), "title"),
                          text_field(row.as_object(), "state")});
  ROOST_TRY(const auto id, choose_session(briefs, word));
  for (const auto& row : rows->as_array())
    if (row.is_object() && text_field(row.as_object(), "id") == id)
      return row.as_object();
  return command_failure{exit_status::no, "there is no such session", std::string(word), "", {}};
}

outcome<std::string> api::find_session_id(std::string_view word) const {
  return find_session(word).transform(
      [](const auto& session) { return text_field(session, "id"); });
}

} // namespace roost::cli
