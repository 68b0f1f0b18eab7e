#include "apps/roost/problem.hpp"

#include <array>
#include <string>
#include <utility>

#include "apps/roost/json_read.hpp"
#include "protocols/errors.hpp"

namespace roost::cli {

namespace {

// What the reader can do about the errors where something can be done from here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> advice_rows = {{
    {"no-such-session", "`roost ls` lists the sessions"},
    {"session-ended", "`roost output` still has what it printed"},
    {"unauthenticated", "give a valid --token, or set ROOST_TOKEN"},
    {"forbidden", "use a token with more rights"},
    {"too-many-sessions", "end one with `roost kill`"},
    {"no-shell-integration", "use a shell that Roost started, or wait for --text or --idle"},
    {"command-running", "wait for it with `roost wait ID --command`"},
    {"no-such-channel", "`roost channels` lists them"},
    {"shutting-down", "try again in a moment"},
}};

command_failure make(std::string_view name, std::string what, std::string detail,
                     std::string correlation, int status) {
  command_failure why;
  why.what = std::move(what);
  why.where = std::move(detail);
  if (const auto* const row = find_error(name)) {
    why.exit = row->cli_exit;
    if (why.what.empty())
      why.what = row->title;
  }
  for (const auto& [key, text] : advice_rows)
    if (key == name)
      why.advice = text;
  // Only the server's log can tell more about its own mistakes.
  if (status >= 500)
    why.correlation = std::move(correlation);
  return why;
}

} // namespace

command_failure problem_from_http(int status, std::string_view body,
                                  std::optional<std::chrono::seconds> retry_after) {
  command_failure why;
  const auto problem = read_object(body);
  if (!problem || text_field(*problem, "title").empty()) {
    why.what = "the server answered " + std::to_string(status);
    why.advice = "is it a roostd of this version?";
  } else {
    const auto type = text_field(*problem, "type");
    const auto name = std::string_view(type).substr(type.rfind('/') + 1);
    why = make(name, text_field(*problem, "title"), text_field(*problem, "detail"),
               text_field(*problem, "correlation_id"), status);
  }
  if (retry_after && (status == 429 || status == 503))
    why.advice = "try again in " + std::to_string(retry_after->count()) + " s";
  return why;
}

command_failure problem_from_frame(const boost::json::object& message) {
  const auto name = text_field(message, "code");
  const auto* const row = find_error(name);
  auto text = text_field(message, "message");
  // The server writes "sentence of the table: detail".
  std::string detail;
  if (row != nullptr && text.starts_with(std::string(row->title) + ": ")) {
    detail = text.substr(row->title.size() + 2);
    text = row->title;
  }
  return make(name, std::move(text), std::move(detail), text_field(message, "correlation_id"),
              row != nullptr ? row->http_status : 500);
}

} // namespace roost::cli
