#include <unistd.h>

#include <array>
#include <memory>

#include <boost/json/array.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/raw_terminal.hpp"

namespace roost::cli {

namespace {

std::string current_folder() {
  const std::unique_ptr<char, decltype(&std::free)> path(::getcwd(nullptr, 0), &std::free);
  return path ? std::string(path.get()) : std::string();
}

outcome<boost::json::object> read_environment(const invocation& call) {
  boost::json::object variables;
  for (const auto& entry : call.values("env")) {
    const auto equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos)
      return usage_failure("a variable is written NAME=VALUE", entry);
    variables[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return variables;
}

outcome<int> run(const invocation& call, program& self) {
  const bool is_detached = call.has("detach");
  if (!is_detached && self.wants_json())
    return usage_failure("--json has nothing to print while attached", {}, "add -d");
  std::optional<terminal_size> window;
  if (!is_detached) {
    auto terminal = raw_terminal::open();
    if (!terminal)
      return usage_failure("standard input and output are no terminal", {},
                           "use `roost new -d`, which prints the id");
    window = (*terminal)->size();
  }

  boost::json::object body;
  if (!call.operands.empty())
    body["command"] = boost::json::array(call.operands.begin(), call.operands.end());
  if (const auto title = call.value("title"))
    body["title"] = *title;
  if (const auto sandbox = call.value("sandbox"))
    body["sandbox"] = *sandbox;
  const auto user = call.value("run-as");
  if (user)
    body["run_as"] = *user;
  if (const auto restart = call.value("restart"))
    body["restart"] = *restart;
  ROOST_TRY(const auto server, self.server());
  if (const auto cwd = call.value("cwd")) {
    // A relative folder means the caller's; the server has its own idea of where it is.
    const bool is_at_home = *cwd == "~" || cwd->starts_with("~/"); // of the session's user
    body["cwd"] = server.address().is_local() && !cwd->starts_with('/') && !is_at_home
                      ? current_folder() + "/" + *cwd
                      : *cwd;
  } else if (server.address().is_local() && !user) { // another user begins at home
    if (const auto here = current_folder(); !here.empty())
      body["cwd"] = here;
  }
  ROOST_TRY(auto variables, read_environment(call));
  if (!variables.empty())
    body["env"] = std::move(variables);
  if (const auto size = call.value("size")) {
    ROOST_TRY(const auto given, read_size(*size));
    body["cols"] = given.columns;
    body["rows"] = given.rows;
  } else if (window) {
    body["cols"] = window->columns;
    body["rows"] = window->rows;
  }

  ROOST_TRY(const auto session, server.call("POST", "/sessions", body));
  if (!is_detached)
    return attach_to(session, server, call, self);
  const auto printed =
      self.wants_json() ? self.print_json(session) : self.print(text_field(session, "id") + "\n");
  if (!printed)
    return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {operand_row{"CMD", arity::rest, completes::commands}};
constexpr std::array options = {
    option_row{"detach", 'd', "", "do not attach; print the session's id"},
    option_row{"title", 't', "TITLE", "a name for it, to be used in place of the id"},
    option_row{"cwd", 0, "DIR", "where it starts (default: here)", completes::folders},
    option_row{"env", 'e', "K=V", "set a variable; may be repeated"},
    option_row{"size", 0, "COLSxROWS", "its size until somebody attaches"},
    option_row{"run-as", 0, "USER", "run it as this system user, from its home on"},
    option_row{"sandbox", 0, "PROFILE", "run it in this sandbox profile (`roost sandboxes`)",
               completes::sandboxes},
    restart_option,
    detach_key_option,
    quiet_option,
};

} // namespace

constinit const command_row new_command = {
    "new",
    "start a program in a new session (default: your shell) and attach to it",
    "Each word of CMD is one argument of the program; no shell takes them apart. Without -d the\n"
    "terminal shows the session, as with `roost attach`.",
    operands,
    options,
    run};

} // namespace roost::cli
