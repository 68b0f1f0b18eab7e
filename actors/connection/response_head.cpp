#include "actors/connection/response_head.hpp"

#include "actors/connection/encoding.hpp"
#include "actors/connection/security_headers.hpp"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

namespace roost::connection {

namespace {

bool is_ours(std::string_view name) {
  static constexpr std::array<std::string_view, 5> names = {
      "content-length", "transfer-encoding", "connection", "date", "x-correlation-id"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view ours) { return equals_ignoring_case(ours, name); });
}

bool is_safe_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_safe_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t';
  });
}

bool has(const http_response& answer, std::string_view name) {
  return std::any_of(answer.headers.begin(), answer.headers.end(),
                     [&](const auto& header) { return equals_ignoring_case(header.first, name); });
}

} // namespace

bool may_have_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

std::string http_date(wall_time when) {
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     days[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                     months[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string render_head(const http_response& answer, const head_facts& facts) {
  std::string head;
  head.reserve(512);
  const auto out = std::back_inserter(head);
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(answer.status));
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status,
                 std::string_view(reason.data(), reason.size()), http_date(facts.now));
  for (const auto& [name, value] : answer.headers)
    if (!is_ours(name) && is_safe_name(name) && is_safe_value(value))
      fmt::format_to(out, "{}: {}\r\n", name, value);
  if (!has(answer, "Content-Security-Policy"))
    for (const auto& [name, value] : api_security_headers())
      if (!has(answer, name))
        fmt::format_to(out, "{}: {}\r\n", name, value);
  fmt::format_to(out, "X-Correlation-Id: {}\r\n", facts.correlation);

  if (facts.framing == body_framing::chunked)
    head += "Transfer-Encoding: chunked\r\n";
  else if (facts.framing == body_framing::length && may_have_body(answer.status))
    fmt::format_to(out, "Content-Length: {}\r\n", answer.body.size());
  if (facts.fate == connection_fate::close)
    head += "Connection: close\r\n";
  else if (facts.http_version == 10)
    head += "Connection: keep-alive\r\n";
  head += "\r\n";
  return head;
}

} // namespace roost::connection
