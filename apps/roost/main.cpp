#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "apps/roost/arguments.hpp"
#include "apps/roost/command_table.hpp"
#include "apps/roost/help.hpp"
#include "apps/roost/program.hpp"

namespace {

using namespace roost::cli;

std::optional<std::string> process_environment(std::string_view name) {
  const char* const value = std::getenv(std::string(name).c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

int fail(const command_failure& why) {
  std::fprintf(stderr, "%s\n", to_line(why).c_str());
  return why.exit;
}

outcome<int> run(const std::vector<std::string>& words) {
  ROOST_TRY(const auto call, parse_arguments(all_commands(), global_options(), words));
  program self(call, process_environment);
  if (call.wants_version || call.wants_help || call.command == nullptr) {
    const auto text = call.wants_version        ? std::string("roost " ROOST_VERSION "\n")
                      : call.command != nullptr ? command_help(*call.command, global_options())
                                                : program_help(all_commands(), global_options());
    if (const auto printed = self.print(text); !printed)
      return printed.error();
    return exit_status::ok;
  }
  return call.command->run(call, self);
}

} // namespace

int main(int count, char** arguments) {
  // A reader that went away is an error of write, with a message, and no silent death.
  std::signal(SIGPIPE, SIG_IGN);
  const auto status = run({arguments + 1, arguments + count});
  return status ? *status : fail(status.error());
}
