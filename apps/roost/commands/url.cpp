#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"

namespace roost::cli {

namespace {

outcome<int> run(const invocation&, program& self) {
  ROOST_TRY(const auto server, self.server());
  if (server.address().kind != transport_kind::unix_socket)
    return usage_failure("the login URL is only told on the server's own machine",
                         server.address().shown(), "run it there, without --server");
  ROOST_TRY(const auto answer, server.call("GET", "/login-url"));
  const auto printed =
      self.wants_json() ? self.print_json(answer) : self.print(text_field(answer, "url") + "\n");
  if (!printed)
    return printed.error();
  return exit_status::ok;
}

} // namespace

constinit const command_row url_command = {
    "url", "print the URL that opens the web page, with its login token", "", {}, {}, run};

} // namespace roost::cli
