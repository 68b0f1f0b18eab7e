#include "actors/connection/audit_trail.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>

namespace roost::connection {

namespace {

namespace json = boost::json;

/// A text of the object that a body is, or nothing.
std::string text_in(const std::string& body, std::string_view name) {
  boost::system::error_code failed;
  const auto value = json::parse(body, failed);
  if (failed || !value.is_object())
    return {};
  const auto* const found = value.as_object().if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

/// The last part of a problem's type.
std::string problem_in(const std::string& body) {
  const auto type = text_in(body, "type");
  return type.substr(type.find_last_of(":/") + 1);
}

std::string_view name_of(unsigned status) {
  if (status < 400)
    return "done";
  if (status == 401 || status == 403 || status == 429)
    return "refused";
  return status < 500 ? "rejected" : "failed";
}

} // namespace

act_outcome outcome_of(const http_response& answer) {
  act_outcome out;
  out.outcome = name_of(answer.status);
  if (answer.status < 400)
    out.target = text_in(answer.body, "id");
  else
    out.problem = problem_in(answer.body);
  return out;
}

database::audit_record audit_trail::record(const http_request& of, std::string_view act,
                                           const act_outcome& how) const {
  database::audit_record out;
  out.at = clock_.now_wall();
  out.who = of.who.label;
  out.action = act;
  out.target = how.target;
  out.outcome = how.outcome;
  out.correlation = of.correlation;
  json::object detail{{"address", of.address}};
  if (!of.who.token_id.empty())
    detail["token"] = of.who.token_id;
  if (!how.problem.empty())
    detail["problem"] = how.problem;
  out.detail = json::serialize(detail);
  return out;
}

bool audit_trail::may_note_refusal() {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  if (now - minute_ >= std::chrono::minutes(1)) {
    minute_ = now;
    refusals_ = 0;
  }
  return ++refusals_ <= refusals_per_minute;
}

void audit_trail::note(const http_request& of, std::string_view act, const act_outcome& how) {
  if (how.outcome == "refused" && !may_note_refusal()) {
    ++passed_over_;
    return;
  }
  keep_(record(of, act, how));
}

} // namespace roost::connection
