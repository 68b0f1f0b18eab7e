#include "actors/connection/api/rfc3339.hpp"

#include <fmt/format.h>

#include <chrono>

namespace roost::connection::api {

namespace {

using namespace std::chrono;

/// Takes what is expected from the front of a text, and notes whether it was there.
class taker {
public:
  explicit taker(std::string_view text) : rest_(text) {}

  /// A number of so many digits, from `least` to `most`.
  unsigned number(std::size_t digits, unsigned least, unsigned most) {
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char digit = take();
      is_well_ = is_well_ && digit >= '0' && digit <= '9';
      value = value * 10 + static_cast<unsigned>(digit - '0') % 10;
    }
    is_well_ = is_well_ && value >= least && value <= most;
    return value;
  }
  /// One of these characters.
  char any_of(std::string_view of) {
    const char found = take();
    is_well_ = is_well_ && found != '\0' && of.find(found) != std::string_view::npos;
    return found;
  }
  [[nodiscard]] bool next_is(char what) const { return !rest_.empty() && rest_.front() == what; }
  [[nodiscard]] bool next_is_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  [[nodiscard]] bool is_done() const { return is_well_ && rest_.empty(); }

private:
  char take() {
    if (rest_.empty()) {
      is_well_ = false;
      return '\0';
    }
    const char out = rest_.front();
    rest_.remove_prefix(1);
    return out;
  }

  std::string_view rest_;
  bool is_well_ = true;
};

} // namespace

std::string rfc3339(wall_time when) {
  const auto ms = floor<milliseconds>(when);
  const auto day = floor<days>(ms);
  const year_month_day date(day);
  const auto in_day = ms - day;
  const auto h = duration_cast<hours>(in_day);
  const auto m = duration_cast<minutes>(in_day - h);
  const auto s = duration_cast<seconds>(in_day - h - m);
  const auto rest = in_day - h - m - s;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     h.count(), m.count(), s.count(), rest.count());
}

std::optional<wall_time> parse_rfc3339(std::string_view text) {
  taker in(text);
  // What the database can hold, too.
  const auto y = in.number(4, 1970, 2199);
  in.any_of("-");
  const auto mon = in.number(2, 1, 12);
  in.any_of("-");
  const auto d = in.number(2, 1, 31);
  in.any_of("Tt ");
  const auto h = in.number(2, 0, 23);
  in.any_of(":");
  const auto m = in.number(2, 0, 59);
  in.any_of(":");
  const auto s = in.number(2, 0, 60);
  nanoseconds fraction{0};
  if (in.next_is('.')) {
    in.any_of(".");
    nanoseconds unit = milliseconds(100);
    do {
      fraction += in.number(1, 0, 9) * unit;
      unit /= 10;
    } while (in.next_is_digit());
  }
  const char sign = in.any_of("Zz+- ");
  minutes offset{0};
  if (sign != 'Z' && sign != 'z') {
    const auto away = in.number(2, 0, 23);
    in.any_of(":");
    offset = hours(away) + minutes(in.number(2, 0, 59));
  }
  const year_month_day date(year(static_cast<int>(y)), month(mon), day(d));
  if (!in.is_done() || !date.ok())
    return std::nullopt;
  const auto at = sys_days(date) + hours(h) + minutes(m) + seconds(s) + fraction;
  return time_point_cast<wall_time::duration>(sign == '-' ? at + offset : at - offset);
}

} // namespace roost::connection::api
