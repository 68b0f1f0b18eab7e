#include <array>

#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

namespace {

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto id, server.find_session_id(call.operands[0]));
  const std::string format = self.wants_json() ? "json" : call.has("ansi") ? "ansi" : "text";
  http_request request;
  request.target = "/api/v1/sessions/" + id + "/screen?format=" + format;
  ROOST_TRY(auto response, server.send(request));
  if (!response.body.ends_with('\n'))
    response.body += '\n';
  if (const auto printed = self.print(response.body); !printed)
    return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {session_operand};
constexpr std::array options = {
    option_row{"ansi", 0, "", "with colours and attributes, as escape sequences"}};

} // namespace

constinit const command_row screen_command = {
    "screen", "print what a session's screen shows now", "", operands, options, run};

} // namespace roost::cli
