#include "apps/roost/session_state.hpp"

#include <ctime>
#include <string>

#include "apps/roost/json_read.hpp"

namespace roost::cli {

namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

std::string restart_words(std::int64_t count) {
  return count == 1 ? "1 restart" : std::to_string(count) + " restarts";
}

} // namespace

std::optional<system_clock::time_point> utc_second(std::string_view rfc3339) {
  std::tm parts{};
  const std::string copy(rfc3339);
  if (::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr)
    return std::nullopt;
  return system_clock::from_time_t(::timegm(&parts));
}

table_cell state_cell(const boost::json::object& session, system_clock::time_point now) {
  static const boost::json::object none;
  const auto* const found = session.if_contains("restart");
  const auto& restart = found != nullptr && found->is_object() ? found->as_object() : none;
  const auto state = text_field(session, "state");
  const auto limit = text_field(session, "end_reason");
  const auto why = limit.empty() ? std::string() : " (" + limit + ")";
  if (state == "running") {
    const auto count = number_field(restart, "count").value_or(0);
    return {count > 0 ? state + " (" + restart_words(count) + ")" : state, "32"};
  }
  if (state == "exited") {
    const auto how = ended_text(session);
    const bool has_given_up = flag_field(restart, "given_up").value_or(false);
    return {(how.empty() ? state : how) + why + (has_given_up ? ", given up" : ""),
            how == "exit 0" && !has_given_up ? "2" : "31"};
  }
  if (const auto next = utc_second(text_field(restart, "next_at")); state == "starting" && next) {
    // Whole seconds are shown: it is the last one that says 1.
    const auto left = std::chrono::ceil<seconds>(*next + seconds(1) - now).count() - 1;
    return {"starts " + (left > 0 ? "in " + std::to_string(left) + " s" : std::string("now")),
            "33"};
  }
  return {state + why, state == "lost" ? "31" : "33"};
}

} // namespace roost::cli
