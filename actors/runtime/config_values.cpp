#include "actors/runtime/config_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

#include <fmt/format.h>

#include "actors/runtime/address_block.hpp"
#include "actors/runtime/text_escape.hpp"
#include "actors/runtime/units.hpp"

namespace roost::config_values {

namespace {

// What is quoted back in a message is cut here.
constexpr std::size_t quoted_limit = 60;
// A ladder is a handful of signals and waits.
constexpr std::size_t ladder_limit = 16;
constexpr auto longest_rung = std::chrono::minutes(5);

struct signal_name {
  std::string_view name;
  int number;
};
constexpr std::array<signal_name, 8> signals = {{{"HUP", SIGHUP},
                                                 {"INT", SIGINT},
                                                 {"QUIT", SIGQUIT},
                                                 {"TERM", SIGTERM},
                                                 {"KILL", SIGKILL},
                                                 {"USR1", SIGUSR1},
                                                 {"USR2", SIGUSR2},
                                                 {"CONT", SIGCONT}}};

std::optional<int> parse_signal(std::string_view text) {
  if (text.starts_with("SIG"))
    text.remove_prefix(3);
  const auto* const row = std::find_if(signals.begin(), signals.end(),
                                       [text](const signal_name& s) { return s.name == text; });
  return row == signals.end() ? std::nullopt : std::optional(row->number);
}

bool is_unquoted_scalar(const yaml_node& from) {
  return from.type == yaml_node::kind::scalar && !from.is_quoted;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 &&
         std::all_of(text.begin(), text.end(), is_host_character);
}

bool is_bracketed_address(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
         text.find_first_not_of("0123456789abcdefABCDEF:.%", 1) == text.size() - 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return port;
}

} // namespace

std::string mismatch(std::string_view expected, const yaml_node& got) {
  auto message = fmt::format("expected {}, got ", expected);
  switch (got.type) {
  case yaml_node::kind::null:
    return message + "nothing";
  case yaml_node::kind::map:
    return message + "a section";
  case yaml_node::kind::sequence:
    if (!texts_of(got))
      return message + "a list of other things";
    break;
  case yaml_node::kind::scalar:
    break;
  }
  const auto shown = got.type == yaml_node::kind::scalar ? got.text : show_list(*texts_of(got));
  message += '\'';
  append_visible(message, utf8_prefix(shown, quoted_limit));
  if (shown.size() > quoted_limit)
    message += "...";
  message += '\'';
  if (got.is_quoted)
    message += " in quotes";
  return message;
}

std::optional<std::vector<std::string>> texts_of(const yaml_node& from) {
  if (from.type != yaml_node::kind::sequence)
    return std::nullopt;
  std::vector<std::string> out;
  out.reserve(from.items.size());
  for (const auto& item : from.items) {
    if (item.type != yaml_node::kind::scalar)
      return std::nullopt;
    out.push_back(item.text);
  }
  return out;
}

std::string show_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const auto& item : items) {
    if (out.size() > 1)
      out += ", ";
    out += quote_yaml(item);
  }
  return out + "]";
}

std::optional<bool> parse_bool(const yaml_node& from) {
  if (!is_unquoted_scalar(from))
    return std::nullopt;
  if (from.text == "true")
    return true;
  if (from.text == "false")
    return false;
  return std::nullopt;
}

std::optional<std::uint64_t> parse_count(const yaml_node& from) {
  std::uint64_t value = 0;
  const auto* const end = from.text.data() + from.text.size();
  const auto [rest, failure] = std::from_chars(from.text.data(), end, value);
  if (!is_unquoted_scalar(from) || from.text.empty() || failure != std::errc{} || rest != end)
    return std::nullopt;
  return value;
}

std::optional<endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port = parse_port(text.substr(colon + 1));
  if (!port || !(is_host_name(host) || is_bracketed_address(host)))
    return std::nullopt;
  if (host.front() == '[')
    host = host.substr(1, host.size() - 2);
  return endpoint{.host = std::string(host), .port = *port};
}

std::optional<std::vector<kill_step>> parse_ladder(const std::vector<std::string>& steps) {
  std::vector<kill_step> out;
  for (const auto& step : steps) {
    if (const auto number = parse_signal(step))
      out.emplace_back(*number);
    else if (const auto wait = parse_duration(step); wait && *wait <= longest_rung)
      out.emplace_back(*wait);
    else
      return std::nullopt;
  }
  // A ladder that may end with the program still alive would leave a process behind.
  if (out.empty() || out.size() > ladder_limit || out.back() != kill_step(SIGKILL))
    return std::nullopt;
  return out;
}

std::string show_ladder(const std::vector<kill_step>& steps) {
  std::vector<std::string> out;
  for (const auto& step : steps) {
    if (const auto* wait = std::get_if<std::chrono::milliseconds>(&step)) {
      out.push_back(format_duration(*wait));
      continue;
    }
    const auto* const row = std::find_if(signals.begin(), signals.end(), [&](const signal_name& s) {
      return s.number == std::get<int>(step);
    });
    out.emplace_back(row == signals.end() ? "?" : row->name);
  }
  return show_list(out);
}

std::optional<std::string> check_origin(std::string_view text) {
  const auto rest = text.starts_with("https://")  ? text.substr(8)
                    : text.starts_with("http://") ? text.substr(7)
                                                  : std::string_view();
  return check_host(rest);
}

std::optional<std::string> check_host(std::string_view text) {
  if (is_host_name(text) || is_bracketed_address(text) || parse_endpoint(text))
    return std::nullopt;
  return "not a host";
}

std::optional<std::string> check_node_name(std::string_view text) {
  // It becomes a part of session ids and metric labels.
  if (!text.empty() && text.size() <= 63 &&
      std::all_of(text.begin(), text.end(), is_host_character))
    return std::nullopt;
  return "not a name";
}

std::optional<std::string> check_address_block(std::string_view text) {
  const auto parsed = address_block::parse(text);
  if (parsed)
    return std::nullopt;
  return parsed.error();
}

std::optional<std::string> check_nothing(std::string_view text) {
  // The kernel would cut such a name short.
  if (text.find('\0') == std::string_view::npos)
    return std::nullopt;
  return "a zero byte";
}

std::string expects_count(std::uint64_t low, std::uint64_t high) {
  return fmt::format("a whole number from {} to {}", low, high);
}

std::string expects_duration(std::chrono::milliseconds low, std::chrono::milliseconds high) {
  return fmt::format("a duration with a unit (ms, s, m, h, d) from {} to {}", format_duration(low),
                     format_duration(high));
}

std::string expects_size(std::uint64_t low, std::uint64_t high) {
  return fmt::format("a size with a unit (B, KiB, MiB, GiB) from {} to {}", format_size(low),
                     format_size(high));
}

std::optional<std::chrono::milliseconds> parse_duration_within(const yaml_node& from,
                                                               std::chrono::milliseconds low,
                                                               std::chrono::milliseconds high) {
  const auto value =
      from.type == yaml_node::kind::scalar ? parse_duration(from.text) : std::nullopt;
  return value && *value >= low && *value <= high ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_size_within(const yaml_node& from, std::uint64_t low,
                                               std::uint64_t high) {
  const auto value = from.type == yaml_node::kind::scalar ? parse_size(from.text) : std::nullopt;
  return value && *value >= low && *value <= high ? value : std::nullopt;
}

std::optional<double> parse_fraction_within(const yaml_node& from, double low, double high) {
  double value = 0;
  const char* end = from.text.data() + from.text.size();
  const auto [last, error] = std::from_chars(from.text.data(), end, value);
  const bool is_number =
      from.type == yaml_node::kind::scalar && error == std::errc{} && last == end;
  return is_number && value >= low && value <= high ? std::optional(value) : std::nullopt;
}

std::string show_fraction(double value) { return fmt::format("{}", value); }

std::string show_duration(std::chrono::milliseconds value) { return format_duration(value); }

std::string show_size(std::uint64_t value) { return format_size(value); }

} // namespace roost::config_values
