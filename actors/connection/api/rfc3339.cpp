#include "actors/connection/api/rfc3339.hpp"

#include <charconv>
#include <chrono>

namespace roost::connection::api {

namespace {

/// Takes what it is asked for from the front of a text, or fails for good.
class reader {
public:
  explicit reader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count, int least, int most) {
    int value = 0;
    const auto* const last = rest_.data() + std::min(count, rest_.size());
    const auto [end, code] = std::from_chars(rest_.data(), last, value);
    // from_chars takes a sign, too.
    if (rest_.size() < count || rest_.front() == '-' || code != std::errc{} || end != last ||
        value < least || value > most) {
      is_well_ = false;
      return least;
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool take_one_of(std::string_view set) {
    if (rest_.empty() || set.find(rest_.front()) == std::string_view::npos)
      return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(std::string_view set) { is_well_ &= take_one_of(set); }
  /// Digits behind a decimal point.
  std::chrono::microseconds fraction() {
    std::chrono::microseconds out{0};
    int unit = 100'000;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count) {
      out += std::chrono::microseconds((rest_.front() - '0') * unit);
      unit /= 10;
      rest_.remove_prefix(1);
    }
    is_well_ &= count > 0;
    return out;
  }
  [[nodiscard]] bool is_done() const { return is_well_ && rest_.empty(); }
  [[nodiscard]] char front() const { return rest_.empty() ? '\0' : rest_.front(); }

private:
  std::string_view rest_;
  bool is_well_ = true;
};

} // namespace

std::optional<wall_time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  reader from(text);
  const auto y = from.digits(4, 1970, 9999);
  from.need("-");
  const auto m = from.digits(2, 1, 12);
  from.need("-");
  const auto d = from.digits(2, 1, 31);
  from.need("Tt ");
  const auto h = from.digits(2, 0, 23);
  from.need(":");
  const auto min = from.digits(2, 0, 59);
  from.need(":");
  const auto s = from.digits(2, 0, 60); // a leap second
  microseconds fraction{0};
  if (from.take_one_of("."))
    fraction = from.fraction();
  minutes offset{0};
  if (!from.take_one_of("Zz")) {
    const bool is_behind = from.front() == '-';
    from.need("+-");
    const auto offset_h = from.digits(2, 0, 23);
    from.need(":");
    offset = hours(offset_h) + minutes(from.digits(2, 0, 59));
    if (is_behind)
      offset = -offset;
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(m)),
                            day(static_cast<unsigned>(d))};
  if (!from.is_done() || !date.ok())
    return std::nullopt;
  return time_point_cast<wall_time::duration>(sys_days(date) + hours(h) + minutes(min) +
                                              seconds(s) + fraction - offset);
}

} // namespace roost::connection::api
