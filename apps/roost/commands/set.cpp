#include <array>

#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

namespace {

outcome<int> run(const invocation& call, program& self) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> fields = {
      {{"title", "title"}, {"size-policy", "size_policy"}, {"restart", "restart"}}};
  boost::json::object body;
  for (const auto& [option, field] : fields)
    if (const auto value = call.value(option))
      body[field] = *value;
  if (body.empty())
    return usage_failure("there is nothing to change", {},
                         "give at least one of --title, --size-policy, --restart");
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto id, server.find_session_id(call.operands[0]));
  ROOST_TRY(const auto answer, server.call("PATCH", "/sessions/" + id, body));
  if (self.wants_json())
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {session_operand};
constexpr std::array options = {
    option_row{"title", 't', "TITLE", "a name for it, to be used in place of the id"},
    option_row{"size-policy", 0, "POLICY", "whose size it has: latest, smallest, largest, manual",
               completes::choices, "latest smallest largest manual"},
    restart_option,
};

} // namespace

constinit const command_row set_command = {
    "set",
    "change a session's title, size policy or restart policy",
    "A restart policy counts from the next time that the program ends. `--restart never` also ends "
    "a\n"
    "session that waits for its next program.",
    operands,
    options,
    run};

} // namespace roost::cli
