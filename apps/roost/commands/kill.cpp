#include <array>

#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

namespace {

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto id, server.find_session_id(call.operands[0]));
  ROOST_TRY(const auto answer,
            server.call("DELETE", "/sessions/" + id + (call.has("now") ? "?now=1" : "")));
  if (self.wants_json())
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {session_operand};
constexpr std::array options = {option_row{"now", 0, "", "kill it at once, without asking first"}};

} // namespace

constinit const command_row kill_command = {
    "kill",
    "end a session's program",
    "Asks the program to end (HUP, then TERM, as the server's kill_ladder says) and kills it if "
    "it\n"
    "does not. A session that has already ended is taken off the list.",
    operands,
    options,
    run};

} // namespace roost::cli
