#include "actors/connection/api/render_search.hpp"

#include "actors/connection/api/rfc3339.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string_view>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

/// The text in parts, of which those are marked that match. Nothing is left out or twice.
json::array parts_of(const database::snippet& shown) {
  json::array out;
  std::size_t at = 0;
  const auto add = [&](std::size_t end, bool is_match) {
    if (end > at)
      out.push_back(json::object{{"text", json::string_view(shown.text).substr(at, end - at)},
                                 {"match", is_match}});
    at = end;
  };
  for (const auto& mark : shown.marks) {
    add(mark.begin, false);
    add(mark.begin + mark.size, true);
  }
  add(shown.text.size(), false);
  return out;
}

json::object hit_json(const database::text_hit& hit, const search_found& found) {
  static const database::session_record unknown;
  const auto known = found.sessions.find(hit.session);
  const auto& session = known == found.sessions.end() ? unknown : known->second;
  return {{"session", hit.session},
          {"title", session.title},
          {"node", session.node},
          {"epoch", hit.epoch},
          {"from_offset", hit.from_offset},
          {"to_offset", hit.to_offset},
          {"at", rfc3339(hit.at)},
          {"command", hit.command},
          {"exit_status", hit.exit_status ? json::value(*hit.exit_status) : json::value(nullptr)},
          {"parts", parts_of(hit.shown)}};
}

} // namespace

std::string search_json(const search_found& found) {
  json::object out;
  auto& rows = out["hits"].emplace_array();
  for (const auto& hit : found.hits.rows)
    rows.push_back(hit_json(hit, found));
  out["next"] = found.hits.next.empty() ? json::value(nullptr) : json::value(found.hits.next);
  return json::serialize(out);
}

} // namespace roost::connection::api
