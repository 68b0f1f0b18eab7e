#include "actors/connection/api/render_audit.hpp"

#include "actors/connection/api/render.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

/// What was written as JSON, or null where that is damaged.
json::value parsed(const std::string& text) {
  boost::system::error_code failed;
  auto out = json::parse(text, failed);
  return failed ? json::value(nullptr) : out;
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

} // namespace

std::string audit_json(const database::page<database::audit_record>& found) {
  json::object out;
  auto& rows = out["records"].emplace_array();
  for (const auto& row : found.rows)
    rows.push_back(json::object{{"at", rfc3339(row.at)},
                                {"who", row.who},
                                {"action", row.action},
                                {"target", row.target},
                                {"outcome", row.outcome},
                                {"detail", parsed(row.detail)},
                                {"correlation_id", row.correlation}});
  out["next"] = text_or_null(found.next);
  return json::serialize(out);
}

std::string connection_history_json(const database::page<database::connection_record>& found) {
  json::object out;
  auto& rows = out["connections"].emplace_array();
  for (const auto& row : found.rows)
    rows.push_back(json::object{
        {"id", row.id},
        {"node", row.node},
        {"who", row.who},
        {"address", row.address},
        {"opened_at", rfc3339(row.opened_at)},
        {"closed_at", row.closed_at ? json::value(rfc3339(*row.closed_at)) : json::value(nullptr)},
        {"close_code", or_null(row.close_code)},
        {"reason", text_or_null(row.reason)},
        {"bytes_in", row.bytes_in},
        {"bytes_out", row.bytes_out}});
  out["next"] = text_or_null(found.next);
  return json::serialize(out);
}

} // namespace roost::connection::api
