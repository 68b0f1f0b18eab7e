#include <array>
#include <set>

#include <boost/json/array.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/session_state.hpp"

namespace roost::cli {

namespace {

std::string command_text(const boost::json::object& session) {
  std::string text;
  const auto* const words = session.if_contains("command");
  if (words == nullptr || !words->is_array())
    return text;
  for (const auto& word : words->as_array())
    if (word.is_string())
      text += (text.empty() ? "" : " ") + std::string(word.as_string());
  return text;
}

bool has_sandbox(const boost::json::object& session) {
  const auto profile = text_field(session, "sandbox");
  return !profile.empty() && profile != "none";
}

/// Columns that say nothing on most servers.
struct extra_columns {
  bool sandbox = false;
  bool user = false;
};

std::vector<table_cell> row_of(const boost::json::object& session, const extra_columns& shows) {
  const auto number = [&](std::string_view name) {
    return std::to_string(number_field(session, name).value_or(0));
  };
  std::vector<table_cell> cells = {{text_field(session, "id"), "1"},
                                   {text_field(session, "title")},
                                   state_cell(session, std::chrono::system_clock::now()),
                                   {number("cols") + "x" + number("rows")},
                                   {number("viewers")},
                                   {age_text(text_field(session, "created_at"))}};
  if (shows.user)
    cells.push_back({text_field(session, "run_as")});
  if (shows.sandbox)
    cells.push_back({text_field(session, "sandbox"), has_sandbox(session) ? "35" : "2"});
  cells.push_back({command_text(session), "2"});
  return cells;
}

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto list, server.call("GET", "/sessions"));
  if (self.wants_json()) {
    if (const auto printed = self.print_json(list); !printed)
      return printed.error();
    return exit_status::ok;
  }
  boost::json::array sessions;
  if (const auto* const found = list.if_contains("sessions"); found && found->is_array())
    sessions = found->as_array();
  extra_columns shows;
  std::set<std::string> users;
  for (const auto& session : sessions)
    if (session.is_object()) {
      shows.sandbox |= has_sandbox(session.as_object());
      users.insert(text_field(session.as_object(), "run_as"));
    }
  shows.user = users.size() > 1;
  std::vector<std::vector<table_cell>> rows(1);
  for (const auto* const name : {"ID", "TITLE", "STATE", "SIZE", "VIEWERS", "AGE"})
    rows[0].push_back({name, "4"});
  if (shows.user)
    rows[0].push_back({"USER", "4"});
  if (shows.sandbox)
    rows[0].push_back({"SANDBOX", "4"});
  rows[0].push_back({"COMMAND", "4"});
  std::string ids;
  for (const auto& session : sessions)
    if (session.is_object()) {
      ids += printable(text_field(session.as_object(), "id")) + "\n";
      rows.push_back(row_of(session.as_object(), shows));
    }
  const auto text = call.has("quiet")  ? ids
                    : rows.size() == 1 ? std::string("no sessions; `roost new` starts one\n")
                                       : render_table(rows, self.colours(), self.width());
  if (const auto printed = self.print(text); !printed)
    return printed.error();
  return exit_status::ok;
}

constexpr std::array options = {option_row{"quiet", 'q', "", "print the ids alone"}};

} // namespace

constinit const command_row ls_command = {"ls", "list the sessions", "", {}, options, run};

} // namespace roost::cli
