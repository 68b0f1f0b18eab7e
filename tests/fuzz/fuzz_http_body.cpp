#include "actors/connection/api/requests.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <string>

namespace roost::fuzz {

namespace {

namespace api = connection::api;

template <class T>
void check(const result<T>& parsed) {
  if (parsed)
    return;
  const auto& why = parsed.error();
  ROOST_FUZZ_CHECK(is_presentable(why.detail));
  // Whatever a stranger writes is the stranger's mistake, never the server's.
  ROOST_FUZZ_CHECK(describe(why).http_status < 500);
}

connection::http_request request(std::string_view body, std::string_view content_type) {
  connection::http_request out;
  out.method = "POST";
  out.path = "/api/v1/sessions/x/input";
  out.body = body;
  if (!content_type.empty())
    out.headers.emplace_back("content-type", content_type);
  return out;
}

} // namespace

void http_body(std::string_view data) {
  if (data.empty())
    return;
  const auto which = static_cast<unsigned char>(data.front()) % 9;
  data.remove_prefix(1);
  switch (which) {
  case 0:
    check(api::parse_create(data, "nest"));
    break;
  case 1:
    check(api::parse_update(data));
    break;
  case 2:
    check(api::parse_resize(data));
    break;
  case 3: {
    auto waiting = request(data, "application/json");
    waiting.query.emplace_back("wait", "command");
    check(api::parse_input(waiting));
    break;
  }
  case 4:
    check(api::parse_input(request(data, "application/json")));
    break;
  case 5:
    check(api::parse_input(request(data, "application/octet-stream")));
    break;
  case 6:
    check(api::parse_wait(data));
    break;
  case 7:
    check(api::parse_token_request(data, wall_time(std::chrono::hours(24 * 365 * 56))));
    break;
  case 8:
    check(api::parse_session_id(data));
    break;
  default:
    break;
  }
}

} // namespace roost::fuzz
