#include <array>

#include <boost/json/array.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"

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

table_cell state_cell(const boost::json::object& session) {
  const auto state = text_field(session, "state");
  if (state == "running")
    return {state, "32"};
  if (state == "exited") {
    const auto how = ended_text(session);
    return {how.empty() ? state : how, how == "exit 0" ? "2" : "31"};
  }
  return {state, state == "lost" ? "31" : "33"};
}

std::vector<table_cell> row_of(const boost::json::object& session) {
  const auto number = [&](std::string_view name) {
    return std::to_string(number_field(session, name).value_or(0));
  };
  return {{text_field(session, "id"), "1"},
          {text_field(session, "title")},
          state_cell(session),
          {number("cols") + "x" + number("rows")},
          {number("viewers")},
          {age_text(text_field(session, "created_at"))},
          {command_text(session), "2"}};
}

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto list, server.call("GET", "/sessions"));
  if (self.wants_json()) {
    if (const auto printed = self.print_json(list); !printed)
      return printed.error();
    return exit_status::ok;
  }
  std::vector<std::vector<table_cell>> rows = {{{"ID", "4"},
                                                {"TITLE", "4"},
                                                {"STATE", "4"},
                                                {"SIZE", "4"},
                                                {"VIEWERS", "4"},
                                                {"AGE", "4"},
                                                {"COMMAND", "4"}}};
  std::string ids;
  const auto* const sessions = list.if_contains("sessions");
  if (sessions != nullptr && sessions->is_array())
    for (const auto& session : sessions->as_array())
      if (session.is_object()) {
        ids += printable(text_field(session.as_object(), "id")) + "\n";
        rows.push_back(row_of(session.as_object()));
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
