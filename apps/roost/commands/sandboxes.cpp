#include <array>

#include <boost/json/array.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"

namespace roost::cli {

namespace {

std::vector<table_cell> row_of(const boost::json::object& profile) {
  const bool is_default = flag_field(profile, "default").value_or(false);
  const bool is_available = flag_field(profile, "available").value_or(true);
  return {{text_field(profile, "name"), "1"},
          {is_default ? "default" : "", "32"},
          {is_available ? text_field(profile, "description")
                        : "not on this machine: " + text_field(profile, "why_not"),
           is_available ? "" : "31"}};
}

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto list, server.call("GET", "/sandboxes"));
  if (self.wants_json()) {
    if (const auto printed = self.print_json(list); !printed)
      return printed.error();
    return exit_status::ok;
  }
  std::vector<std::vector<table_cell>> rows(1);
  for (const auto* const name : {"NAME", "", "WHAT IT MEANS"})
    rows[0].push_back({name, "4"});
  std::string names;
  if (const auto* const found = list.if_contains("sandboxes"); found && found->is_array())
    for (const auto& profile : found->as_array())
      if (profile.is_object()) {
        names += printable(text_field(profile.as_object(), "name")) + "\n";
        rows.push_back(row_of(profile.as_object()));
      }
  const auto text = call.has("quiet") ? names : render_table(rows, self.colours(), self.width());
  if (const auto printed = self.print(text); !printed)
    return printed.error();
  return exit_status::ok;
}

constexpr std::array options = {option_row{"quiet", 'q', "", "print the names alone"}};

} // namespace

constinit const command_row sandboxes_command = {
    "sandboxes",
    "list the sandbox profiles that a session can run in",
    "`roost new --sandbox NAME` takes one; without, the server takes its default.",
    {},
    options,
    run};

} // namespace roost::cli
