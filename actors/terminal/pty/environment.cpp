#include "actors/terminal/pty/environment.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "actors/terminal/pty/quoted.hpp"

namespace roost::terminal {
namespace {

constexpr std::string_view default_path =
    "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

// Each list is one class of the README's table.
constexpr std::string_view scrubbed_prefixes[] = {
    "ROOST_", // the server's own settings and secrets
    "CLAUDE", // an agent around the server is not an agent inside the session
    "VTE_",   // other terminals' identities: programs would use their private extensions
    "KITTY_", "WEZTERM_", "ALACRITTY_", "GHOSTTY_",        "KONSOLE_",
    "ITERM_", "VSCODE_",  "ZELLIJ",     "GNOME_TERMINAL_",
};

constexpr std::string_view scrubbed_names[] = {
    // the service manager talks to the server, not to what runs in it
    "NOTIFY_SOCKET",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "MAINPID",
    "SYSTEMD_EXEC_PID",
    "CREDENTIALS_DIRECTORY",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE",
    // the terminal or multiplexer that the server was started in
    "TMUX",
    "TMUX_PANE",
    "STY",
    "WINDOW",
    "WINDOWID",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID",
    "LC_TERMINAL",
    "LC_TERMINAL_VERSION",
    "WT_SESSION",
    "WT_PROFILE_ID",
    "COLORFGBG",
    "TERMCAP",
    "TERMINAL_EMULATOR",
    "INSIDE_EMACS",
    "NVIM",
    "TILIX_ID",
    "TERMINATOR_UUID",
    // the connection that the server was started over; it ends before the session does
    "SSH_TTY",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    // state of the shell that started the server; a wrong size here beats the real one
    "COLUMNS",
    "LINES",
    "SHLVL",
    "OLDPWD",
    "PWD",
    "_",
    "SHELLOPTS",
};

failure bad_addition(std::string_view name, std::string_view why) {
  return {terminal_error::bad_environment, fmt::format("env {} {}", quoted(name), why)};
}

result<void> check_addition(std::string_view name, std::string_view value) {
  if (name.empty())
    return bad_addition(name, "has an empty name");
  if (name.size() > max_env_name)
    return bad_addition(
        name, fmt::format("has a name of {} bytes; the most is {}", name.size(), max_env_name));
  if (name.find('=') != std::string_view::npos)
    return bad_addition(name, "has a '=' in its name");
  if (name.find('\0') != std::string_view::npos || value.find('\0') != std::string_view::npos)
    return bad_addition(name, "contains a NUL byte");
  if (name.starts_with("ROOST_"))
    return bad_addition(name, "is reserved: Roost sets the variables that begin with ROOST_");
  return {};
}

} // namespace

environment environment::of_this_process() {
  environment out;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    const std::string_view text(*line);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0)
      out.set(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

const std::string* environment::find(std::string_view name) const {
  const auto item = items_.find(name);
  return item == items_.end() ? nullptr : &item->second;
}

std::string environment::get(std::string_view name, std::string_view fallback) const {
  const auto* value = find(name);
  return std::string(value == nullptr || value->empty() ? fallback : *value);
}

void environment::set(std::string_view name, std::string_view value) {
  items_.insert_or_assign(std::string(name), std::string(value));
}

void environment::set_if_missing(std::string_view name, std::string_view value) {
  if (get(name).empty())
    set(name, value);
}

void environment::erase(std::string_view name) {
  const auto item = items_.find(name);
  if (item != items_.end())
    items_.erase(item);
}

std::vector<std::string> environment::lines() const {
  std::vector<std::string> out;
  out.reserve(items_.size());
  for (const auto& [name, value] : items_)
    out.push_back(name + "=" + value);
  return out;
}

bool is_scrubbed(std::string_view name) {
  return std::ranges::find(scrubbed_names, name) != std::end(scrubbed_names) ||
         std::ranges::any_of(scrubbed_prefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

environment login_environment(const environment& server) {
  environment out;
  for (const auto& [name, value] : server)
    if (name == "TZ" || name == "LANG" || name == "LANGUAGE" || name.starts_with("LC_"))
      out.set(name, value);
  return out;
}

result<environment>
session_environment(const environment& server, const user_record& user,
                    const session_identity& identity,
                    const std::vector<std::pair<std::string, std::string>>& additions) {
  environment out;
  for (const auto& [name, value] : server)
    if (!is_scrubbed(name))
      out.set(name, value);
  out.set("TERM", "xterm-256color");
  out.set("COLORTERM", "truecolor");
  out.set("TERM_PROGRAM", "roost");
  out.set("TERM_PROGRAM_VERSION", identity.version);
  out.set_if_missing("HOME", user.home);
  out.set_if_missing("USER", user.name);
  out.set_if_missing("LOGNAME", user.name);
  out.set_if_missing("SHELL", user.shell);
  out.set_if_missing("PATH", default_path);
  // Without any locale, programs take the input for ASCII and draw UTF-8 as question marks.
  if (out.get("LANG").empty() && out.get("LC_ALL").empty() && out.get("LC_CTYPE").empty())
    out.set("LANG", "C.UTF-8");

  if (additions.size() > max_env_additions)
    return failure{
        terminal_error::bad_environment,
        fmt::format("env has {} variables; the most is {}", additions.size(), max_env_additions)};
  std::size_t bytes = 0;
  for (const auto& [name, value] : additions) {
    if (auto checked = check_addition(name, value); !checked)
      return std::move(checked).error();
    bytes += name.size() + value.size() + 2;
    if (bytes > max_env_bytes)
      return failure{terminal_error::bad_environment,
                     fmt::format("env takes more than {} bytes", max_env_bytes)};
    out.set(name, value);
  }
  out.set("ROOST_SESSION_ID", identity.session_id);
  if (!identity.server.empty())
    out.set("ROOST_SERVER", identity.server);
  return out;
}

} // namespace roost::terminal
