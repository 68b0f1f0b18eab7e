#include "apps/roost/search_text.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include <boost/json/array.hpp>

#include "apps/roost/json_read.hpp"
#include "apps/roost/session_state.hpp"

namespace roost::cli {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::string_view indent = "    ";

std::string formatted(system_clock::time_point when, const char* format, bool is_local) {
  const auto clock = system_clock::to_time_t(when);
  std::tm parts{};
  if (is_local)
    ::localtime_r(&clock, &parts);
  else
    ::gmtime_r(&clock, &parts);
  std::array<char, 64> out{};
  return {out.data(), std::strftime(out.data(), out.size(), format, &parts)};
}

class painter {
public:
  explicit painter(colour colours) : colours_(colours) {}

  /// `text` made printable, in this style.
  [[nodiscard]] std::string operator()(std::string_view text, std::string_view style) const {
    auto out = printable(text);
    if (colours_ == colour::off || style.empty() || out.empty())
      return out;
    return "\x1b[" + std::string(style) + "m" + out + "\x1b[0m";
  }

private:
  colour colours_;
};

std::string head_of(const boost::json::object& hit, const painter& paint) {
  auto out = paint(text_field(hit, "session"), "1");
  const auto add = [&](const std::string& text, std::string_view style) {
    if (!text.empty())
      out += "  " + paint(text, style);
  };
  add(text_field(hit, "title"), "");
  if (const auto at = utc_second(text_field(hit, "at")))
    add(formatted(*at, "%Y-%m-%d %H:%M:%S", true), "2");
  if (const auto status = number_field(hit, "exit_status"))
    add("exit " + std::to_string(*status), *status == 0 ? "2" : "31");
  add(text_field(hit, "command"), "36");
  return out + "\n";
}

/// The parts as lines, without blank ones at either end.
std::string body_of(const boost::json::object& hit, const painter& paint) {
  std::string out;
  std::string line;
  std::string blanks; // lines that count only if one with text follows
  bool has_text = false;
  const auto end_line = [&] {
    if (has_text) {
      out += blanks + std::string(indent) + line + "\n";
      blanks.clear();
    } else if (!out.empty()) {
      blanks += "\n";
    }
    line.clear();
    has_text = false;
  };
  const auto* const parts = hit.if_contains("parts");
  if (parts == nullptr || !parts->is_array())
    return out;
  for (const auto& part : parts->as_array()) {
    if (!part.is_object())
      continue;
    const auto text = text_field(part.as_object(), "text");
    const auto* const style = flag_field(part.as_object(), "match").value_or(false) ? "1" : "";
    for (std::string_view rest = text;;) {
      const auto end = rest.find('\n');
      const auto piece = rest.substr(0, end);
      has_text = has_text || piece.find_first_not_of(' ') != std::string_view::npos;
      line += paint(piece, style);
      if (end == std::string_view::npos)
        break;
      end_line();
      rest.remove_prefix(end + 1);
    }
  }
  end_line();
  return out;
}

} // namespace

std::string query_of(std::span<const std::string> operands) {
  std::string out;
  for (const auto& each : operands) {
    const bool is_phrase =
        each.find_first_of(" \t\n") != std::string::npos && each.find('"') == std::string::npos;
    out += out.empty() ? "" : " ";
    if (!is_phrase)
      out += each;
    else if (each.ends_with('*'))
      out += "\"" + each.substr(0, each.size() - 1) + "\"*";
    else
      out += "\"" + each + "\"";
  }
  return out;
}

outcome<std::string> read_since(std::string_view text, system_clock::time_point now) {
  std::int64_t count = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, count);
  if (error == std::errc{} && end + 1 == last && count >= 0 && count <= 1'000'000) {
    constexpr auto* const format = "%Y-%m-%dT%H:%M:%SZ";
    switch (*end) {
    case 's':
      return formatted(now - seconds(count), format, false);
    case 'm':
      return formatted(now - minutes(count), format, false);
    case 'h':
      return formatted(now - hours(count), format, false);
    case 'd':
      return formatted(now - hours(24) * count, format, false);
    default:
      break;
    }
  }
  constexpr std::size_t date_size = 10;
  if (utc_second(std::string(text) + "T00:00:00") && text.size() == date_size)
    return std::string(text) + "T00:00:00Z";
  if (utc_second(text))
    return std::string(text);
  return usage_failure("--since is no time", std::string(text),
                       "say how long ago (30m, 2h, 7d), a date, or a time like "
                       "2026-01-31T12:00:00Z");
}

std::string render_hits(const boost::json::object& answer, colour colours) {
  const painter paint(colours);
  std::string out;
  const auto* const hits = answer.if_contains("hits");
  if (hits == nullptr || !hits->is_array())
    return out;
  for (const auto& hit : hits->as_array()) {
    if (!hit.is_object())
      continue;
    out += out.empty() ? "" : "\n";
    out += head_of(hit.as_object(), paint);
    out += body_of(hit.as_object(), paint);
  }
  return out;
}

} // namespace roost::cli
