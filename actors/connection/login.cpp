#include "actors/connection/login.hpp"

#include "actors/connection/encoding.hpp"
#include "actors/connection/problem.hpp"
#include "actors/connection/token_set.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace roost::connection {

namespace {

namespace json = boost::json;

constexpr const char* bearer_realm = "Bearer realm=\"roost\"";

http_response too_many(const http_request& request, std::chrono::seconds wait) {
  auto answer = problem_response(
      failure(request_error::rate_limited, "too many wrong tokens came from this address"),
      request.correlation);
  answer.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  return answer;
}

http_response not_post(const http_request& request) {
  auto answer = problem_response(failure(request_error::method_not_allowed), request.correlation);
  answer.headers.emplace_back("Allow", "POST");
  return answer;
}

} // namespace

result<std::string> parse_login(std::string_view body) {
  boost::system::error_code ec;
  json::parse_options options;
  options.max_depth = 4;
  const auto value = json::parse(body, ec, {}, options);
  if (ec)
    return failure(request_error::bad_json, "send {\"token\": \"…\"}");
  const auto* object = value.if_object();
  if (object == nullptr)
    return failure(request_error::bad_value, "send {\"token\": \"…\"}");
  for (const auto& field : *object)
    if (field.key() != "token")
      return failure(request_error::unknown_field, std::string(field.key().substr(0, 64)));
  const auto* token = object->if_contains("token");
  if (token == nullptr)
    return failure(request_error::missing_field, "token");
  if (!token->is_string())
    return failure(request_error::bad_value, "token: is not a text");
  return std::string(token->as_string());
}

login::login(session_cookie cookie, token_lookup& tokens, const clock& time,
             std::shared_ptr<audit_trail> trail)
    : cookie_(std::move(cookie)), tokens_(tokens), clock_(time), trail_(std::move(trail)) {}

http_response login::log_in(const http_request& request) {
  if (request.method != "POST")
    return not_post(request);
  const auto type = request.header("content-type");
  // A plain HTML form of another page cannot send this type, whatever the browser thinks of Origin.
  if (!equals_ignoring_case(trim(type.substr(0, type.find(';'))), "application/json"))
    return problem_response(failure(request_error::unsupported_media_type, "send application/json"),
                            request.correlation);
  {
    const std::lock_guard lock(mutex_);
    if (const auto wait = throttle_.blocked(request.address, clock_.now()))
      return too_many(request, *wait);
  }
  const auto text = parse_login(request.body);
  if (!text)
    return problem_response(text.error(), request.correlation);
  const auto now = clock_.now_wall();
  const auto who = tokens_.by_text(trim(*text), now);
  if (!who)
    return refuse(failure(request_error::unauthenticated, "the token is not known or has expired"),
                  request, true);
  {
    const std::lock_guard lock(mutex_);
    throttle_.succeeded(request.address);
  }
  json::object document;
  document["role"] = to_string(who->may);
  document["label"] = who->label;
  document["session"] = who->only ? json::value(who->only->value) : json::value(nullptr);
  http_response answer;
  answer.headers = {
      {"Content-Type", "application/json"},
      {"Cache-Control", "no-store"},
      {"Set-Cookie", cookie_.set_cookie({who->token_id, now, now + session_cookie::lifetime})}};
  answer.body = json::serialize(document);
  write_down(request, answer, *who);
  return answer;
}

http_response login::log_out(const http_request& request) const {
  if (request.method != "POST")
    return not_post(request);
  http_response answer;
  answer.status = 204;
  answer.headers = {{"Cache-Control", "no-store"}, {"Set-Cookie", cookie_.clear_cookie()}};
  return answer;
}

std::optional<std::chrono::seconds> login::count_failure(const http_request& request) {
  if (request.is_local)
    return std::nullopt; // a uid that may use the socket is no stranger
  const std::lock_guard lock(mutex_);
  throttle_.failed(request.address, clock_.now());
  return throttle_.blocked(request.address, clock_.now());
}

void login::write_down(const http_request& request, const http_response& answer,
                       const principal& who) const {
  if (!trail_)
    return;
  http_request by;
  by.address = request.address;
  by.correlation = request.correlation;
  by.who = who;
  auto how = outcome_of(answer);
  how.target.clear();
  trail_->note(by, "login", how);
}

http_response login::answer_wrong(const failure& why, const http_request& request) {
  if (const auto wait = count_failure(request))
    return too_many(request, *wait);
  auto answer = problem_response(why, request.correlation);
  answer.headers.emplace_back("WWW-Authenticate", bearer_realm);
  return answer;
}

http_response login::refuse(const failure& why, const http_request& request, bool was_shown) {
  if (was_shown) {
    auto answer = answer_wrong(why, request);
    write_down(request, answer, {});
    return answer;
  }
  auto answer = problem_response(why, request.correlation);
  answer.headers.emplace_back("WWW-Authenticate", bearer_realm);
  return answer;
}

} // namespace roost::connection
