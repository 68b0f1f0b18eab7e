#include "actors/connection/api/render_history.hpp"

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

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object row_json(const database::session_record& row) {
  return {
      {"id", row.id},
      {"node", row.node},
      {"title", row.title},
      {"command", parsed(row.command)},
      {"cwd", row.cwd},
      {"owner", row.owner},
      {"sandbox", row.sandbox},
      {"run_as", row.run_as.empty() ? json::value(nullptr) : json::value(row.run_as)},
      {"epoch", row.epoch},
      {"created_at", rfc3339(row.created_at)},
      {"exited_at", row.exited_at ? json::value(rfc3339(*row.exited_at)) : json::value(nullptr)},
      {"exit_status", or_null(row.exit_status)},
      {"signal", or_null(row.signal)},
      {"state", row.state},
      {"offset", row.offset}};
}

} // namespace

std::string history_json(const database::page<database::session_record>& found) {
  json::object out;
  auto& rows = out["sessions"].emplace_array();
  for (const auto& row : found.rows)
    rows.push_back(row_json(row));
  out["next"] = found.next.empty() ? json::value(nullptr) : json::value(found.next);
  return json::serialize(out);
}

} // namespace roost::connection::api
