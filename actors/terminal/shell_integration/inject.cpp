#include "actors/terminal/shell_integration/inject.hpp"

namespace roost::terminal {
namespace {

/// A word that fish reads as itself.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\\' || c == '\'')
      out += '\\';
    out += c;
  }
  return out + "'";
}

} // namespace

void integrate_shell(std::string_view executable, shell_start start, const std::string& dir,
                     std::vector<std::string>& argv, environment& env) {
  env.set("ROOST_SHELL_INTEGRATION", dir);
  if (argv.size() != 1)
    return;
  const auto name = executable.substr(executable.rfind('/') + 1);
  if (name == "bash") {
    // A login bash reads no --init-file, so the file does what a login bash would do.
    if (start == shell_start::login) {
      env.set("ROOST_BASH_LOGIN", "1");
      argv.front() = "bash";
    }
    argv.insert(argv.end(), {"--init-file", dir + "/bash-init.bash"});
  } else if (name == "zsh") {
    if (const auto* own = env.find("ZDOTDIR"))
      env.set("ROOST_ZDOTDIR", *own);
    env.set("ZDOTDIR", dir + "/zsh");
  } else if (name == "fish") {
    argv.insert(argv.end(), {"--init-command", "source " + fish_quoted(dir + "/roost.fish")});
  }
}

} // namespace roost::terminal
