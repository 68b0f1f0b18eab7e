#include "actors/connection/problem.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace roost::connection {

std::string problem_json(const failure& why, std::string_view correlation) {
  const auto& row = describe(why);
  boost::json::object document;
  document["type"] = "/problems/" + std::string(row.name);
  document["title"] = row.title;
  document["status"] = row.http_status;
  if (!why.detail.empty())
    document["detail"] = why.detail;
  document["correlation_id"] = correlation;
  return boost::json::serialize(document);
}

http_response problem_response(const failure& why, std::string_view correlation) {
  http_response answer;
  answer.status = static_cast<unsigned>(describe(why).http_status);
  answer.headers = {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}};
  answer.body = problem_json(why, correlation);
  return answer;
}

} // namespace roost::connection
