#include "actors/connection/encoding.hpp"
#include "actors/connection/origin_policy.hpp"
#include "actors/connection/request_gate.hpp"
#include "actors/runtime/correlation.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <span>

namespace roost::fuzz {

namespace {

bool has_control_character(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return true;
  return false;
}

void target(std::string_view data) {
  const auto parsed = connection::parse_target(data);
  if (!parsed)
    return;
  ROOST_FUZZ_CHECK(parsed->path.starts_with('/'));
  ROOST_FUZZ_CHECK(parsed->path.find('\0') == std::string::npos);
  ROOST_FUZZ_CHECK((parsed->path + "/").find("/../") == std::string::npos);
}

void origin(std::string_view data) {
  const auto parsed = connection::parse_origin(data);
  if (!parsed)
    return;
  ROOST_FUZZ_CHECK(connection::parse_origin(connection::to_string(*parsed)) == parsed);
}

void authority(std::string_view data) {
  const auto parsed = connection::parse_authority(data);
  if (!parsed)
    return;
  ROOST_FUZZ_CHECK(!parsed->host.empty());
  ROOST_FUZZ_CHECK(!has_control_character(parsed->host));
}

void traceparent(std::string_view data) {
  if (const auto parsed = parse_traceparent(data)) {
    ROOST_FUZZ_CHECK(is_correlation_id(parsed->trace_id));
    ROOST_FUZZ_CHECK(parse_traceparent(parsed->to_header()) == parsed);
  }
  seeded_random random(1);
  ROOST_FUZZ_CHECK(parse_traceparent(continue_trace(data, random).to_header()));
}

void hex(std::string_view data) {
  const auto bytes = std::as_bytes(std::span(data));
  const auto again = connection::from_hex(connection::to_hex(bytes));
  ROOST_FUZZ_CHECK(again && std::equal(again->begin(), again->end(), bytes.begin(), bytes.end()));
  (void)connection::from_hex(data);
  (void)connection::to_base64url(bytes);
}

} // namespace

void http_head(std::string_view data) {
  if (data.empty())
    return;
  const auto which = static_cast<unsigned char>(data.front()) % 7;
  data.remove_prefix(1);
  switch (which) {
  case 0:
    target(data);
    break;
  case 1:
    (void)connection::parse_query(data);
    break;
  case 2:
    origin(data);
    break;
  case 3:
    authority(data);
    break;
  case 4:
    traceparent(data);
    break;
  case 5:
    hex(data);
    break;
  case 6:
    if (const auto secret = connection::parse_bearer(data))
      ROOST_FUZZ_CHECK(!secret->empty() && !has_control_character(*secret));
    break;
  default:
    break;
  }
}

} // namespace roost::fuzz
