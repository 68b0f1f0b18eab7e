#include "apps/roost/json_read.hpp"

#include <csignal>
#include <cstring>

#include <boost/json/parse.hpp>

namespace roost::cli {

namespace {

std::optional<int> signal_number(const boost::json::object& from) {
  if (const auto number = number_field(from, "signal"))
    return static_cast<int>(*number);
  auto name = text_field(from, "signal");
  if (name.empty())
    return std::nullopt;
  if (name.starts_with("SIG"))
    name.erase(0, 3);
  for (int n = 1; n < SIGRTMIN; ++n)
    if (const char* const known = ::sigabbrev_np(n); known != nullptr && name == known)
      return n;
  return 0;
}

std::optional<std::int64_t> status_number(const boost::json::object& from) {
  const auto status = number_field(from, "exit_status");
  return status ? status : number_field(from, "status");
}

} // namespace

std::optional<boost::json::object> read_object(std::string_view text) {
  boost::system::error_code error;
  auto parsed = boost::json::parse(text, error);
  if (error || !parsed.is_object())
    return std::nullopt;
  return std::move(parsed.as_object());
}

std::string text_field(const boost::json::object& from, std::string_view name) {
  const auto* const value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::optional<std::int64_t> number_field(const boost::json::object& from, std::string_view name) {
  const auto* const value = from.if_contains(name);
  if (value == nullptr || !value->is_number())
    return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

std::optional<bool> flag_field(const boost::json::object& from, std::string_view name) {
  const auto* const value = from.if_contains(name);
  return value != nullptr && value->is_bool() ? std::optional(value->as_bool()) : std::nullopt;
}

std::optional<int> ended_with(const boost::json::object& session_or_event) {
  if (const auto number = signal_number(session_or_event))
    return exit_status::signal_base + *number;
  if (const auto status = status_number(session_or_event))
    return static_cast<int>(*status);
  return std::nullopt;
}

std::string ended_text(const boost::json::object& session_or_event) {
  if (const auto number = signal_number(session_or_event)) {
    const char* const name = ::sigabbrev_np(*number);
    return name != nullptr ? std::string("signal ") + name
                           : "signal " + text_field(session_or_event, "signal");
  }
  if (const auto status = status_number(session_or_event))
    return "exit " + std::to_string(*status);
  return {};
}

} // namespace roost::cli
