#include "actors/connection/api/store_query.hpp"

#include <chrono>
#include <string>

namespace roost::connection::api {

namespace {

/// Exactly so many digits from the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count)
    return std::nullopt;
  int out = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9')
      return std::nullopt;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return out;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos)
    return false;
  text.remove_prefix(1);
  return true;
}

/// ".123" as nanoseconds; nothing there is 0.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
  if (!take(text, "."))
    return std::chrono::nanoseconds(0);
  std::int64_t out = 0;
  int digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; ++digits) {
    if (digits < 9)
      out = out * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (digits == 0 || digits > 9)
    return std::nullopt;
  for (; digits < 9; ++digits)
    out *= 10;
  return std::chrono::nanoseconds(out);
}

/// "Z" or "+02:00". A `+` of a query that was not encoded has become a space.
std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (take(text, "Zz"))
    return std::chrono::minutes(0);
  const bool is_west = !text.empty() && text.front() == '-';
  if (!take(text, "+- "))
    return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ":"))
    return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59)
    return std::nullopt;
  const std::chrono::minutes offset(*hours * 60 + *minutes);
  return is_west ? -offset : offset;
}

} // namespace

result<store_scope> parse_scope(const http_request& request) {
  const auto* scope = request.parameter("scope");
  if (!scope || *scope == "node")
    return store_scope::node;
  if (*scope == "all")
    return store_scope::all;
  return failure(request_error::bad_value, "scope: expected node or all");
}

std::optional<wall_time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto y = take_digits(text, 4);
  if (!y || !take(text, "-"))
    return std::nullopt;
  const auto mon = take_digits(text, 2);
  if (!mon || !take(text, "-"))
    return std::nullopt;
  const auto d = take_digits(text, 2);
  if (!d || !take(text, "Tt "))
    return std::nullopt;
  const auto h = take_digits(text, 2);
  if (!h || *h > 23 || !take(text, ":"))
    return std::nullopt;
  const auto min = take_digits(text, 2);
  if (!min || *min > 59 || !take(text, ":"))
    return std::nullopt;
  const auto sec = take_digits(text, 2);
  if (!sec || *sec > 60)
    return std::nullopt;
  const auto fraction = take_fraction(text);
  const auto zone = fraction ? take_zone(text) : std::nullopt;
  const year_month_day date(year(*y), month(static_cast<unsigned>(*mon)),
                            day(static_cast<unsigned>(*d)));
  // What the clock's nanoseconds can hold.
  if (!zone || !text.empty() || !date.ok() || *y < 1700 || *y > 2200)
    return std::nullopt;
  return time_point_cast<wall_time::duration>(sys_days(date) + hours(*h) + minutes(*min) +
                                              seconds(*sec) + *fraction - *zone);
}

result<database::time_range> parse_time_range(const http_request& request) {
  database::time_range out;
  for (const auto& [name, into] :
       {std::pair("from", &out.from), std::pair("before", &out.before)}) {
    const auto* text = request.parameter(name);
    if (!text)
      continue;
    *into = parse_rfc3339(*text);
    if (!*into)
      return failure(request_error::bad_value,
                     std::string(name) + ": expected a time like 2026-01-31T12:00:00Z");
  }
  return out;
}

} // namespace roost::connection::api
