#include "actors/terminal/pty/prepare.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "actors/terminal/pty/quoted.hpp"
#include "actors/terminal/shell_integration/inject.hpp"

namespace roost::terminal {
namespace {

/// What a path is to somebody who wants to run it.
enum class file_kind : std::uint8_t { missing, folder, special, not_executable, executable };

file_kind kind_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return errno == EACCES ? file_kind::not_executable : file_kind::missing;
  if (S_ISDIR(info.st_mode))
    return file_kind::folder;
  if (!S_ISREG(info.st_mode))
    return file_kind::special;
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? file_kind::executable
                                                                    : file_kind::not_executable;
}

failure not_runnable(std::string_view command, file_kind kind) {
  switch (kind) {
  case file_kind::folder:
    return {terminal_error::command_not_executable,
            quoted(command) + " is a folder, not a program"};
  case file_kind::special:
    return {terminal_error::command_not_executable, quoted(command) + " is not a regular file"};
  case file_kind::not_executable:
    return {terminal_error::command_not_executable,
            quoted(command) + " may not be executed; check its permissions (chmod +x)"};
  default:
    return {terminal_error::command_not_found, quoted(command) + " does not exist"};
  }
}

std::string joined(const std::string& folder, std::string_view relative) {
  if (relative.starts_with('/'))
    return std::string(relative);
  return folder + (folder.ends_with('/') ? "" : "/") + std::string(relative);
}

/// The file to execute for `command`, as execvp finds it in the session's folder and PATH.
result<std::string> resolve(const std::string& command, const environment& env,
                            const std::string& cwd) {
  if (command.find('/') != std::string::npos) {
    auto path = joined(cwd, command);
    const auto kind = kind_of(path);
    if (kind != file_kind::executable)
      return not_runnable(command, kind);
    return path;
  }
  // The first file that may not be executed explains more than "not found".
  auto nearest_miss = file_kind::missing;
  const auto path = env.get("PATH");
  for (std::size_t from = 0; from <= path.size();) {
    const auto to = std::min(path.find(':', from), path.size());
    // An empty element means the current folder.
    auto candidate = joined(joined(cwd, std::string_view(path).substr(from, to - from)), command);
    const auto kind = kind_of(candidate);
    if (kind == file_kind::executable)
      return candidate;
    if (kind == file_kind::not_executable)
      nearest_miss = kind;
    from = to + 1;
  }
  if (nearest_miss != file_kind::missing)
    return not_runnable(command, nearest_miss);
  return failure{terminal_error::command_not_found,
                 quoted(command) + " was not found in the session's PATH"};
}

result<std::string> check_cwd(const spawn_request& request, const environment& env) {
  const auto home = env.get("HOME", "/");
  const auto& asked = request.cwd;
  if (asked.find('\0') != std::string::npos)
    return failure{terminal_error::bad_cwd, "cwd contains a NUL byte"};
  std::string cwd = asked;
  if (asked.empty() || asked == "~")
    cwd = home;
  else if (asked.starts_with("~/"))
    cwd = joined(home, std::string_view(asked).substr(2));
  if (!cwd.starts_with('/'))
    return failure{terminal_error::bad_cwd, quoted(asked) + " is not an absolute path"};
  struct stat info {};
  const int error = ::stat(cwd.c_str(), &info) == 0 ? 0 : errno;
  const bool is_usable = error == 0 && S_ISDIR(info.st_mode) &&
                         ::faccessat(AT_FDCWD, cwd.c_str(), X_OK, AT_EACCESS) == 0;
  if (is_usable)
    return cwd;
  if (asked.empty()) // nobody asked for it: a user without a home folder still gets a shell
    return std::string("/");
  if (error == ENOENT)
    return failure{terminal_error::bad_cwd, quoted(asked) + " does not exist"};
  if (error == ENOTDIR || (error == 0 && !S_ISDIR(info.st_mode)))
    return failure{terminal_error::bad_cwd, quoted(asked) + " is not a folder"};
  if (error == ENAMETOOLONG)
    return failure{terminal_error::bad_cwd, quoted(asked) + " is too long for a path"};
  return failure{terminal_error::bad_cwd, quoted(asked) + " may not be entered"};
}

result<void> check_command(const std::vector<std::string>& command) {
  if (command.size() > max_arguments)
    return failure{
        terminal_error::bad_command,
        fmt::format("the command has {} arguments; the most is {}", command.size(), max_arguments)};
  if (!command.empty() && command.front().empty())
    return failure{terminal_error::bad_command, "the command's first item is empty; it names the "
                                                "program to run"};
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (command[i].find('\0') != std::string::npos)
      return failure{terminal_error::bad_command,
                     fmt::format("command[{}] contains a NUL byte", i)};
    bytes += command[i].size() + 1;
  }
  if (bytes > max_command_bytes)
    return failure{
        terminal_error::bad_command,
        fmt::format("the command takes {} bytes; the most is {}", bytes, max_command_bytes)};
  return {};
}

/// The kernel's limits: execve copies argv, envp and a pointer for each, and no string may be
/// longer than 32 pages.
result<void> check_total(const prepared_spawn& what) {
  constexpr std::size_t longest_string = 32 * 4096;
  constexpr std::size_t reserve = 4096; // the path, the auxiliary vector, alignment
  std::size_t total = reserve;
  for (const auto* list : {&what.argv, &what.env}) {
    for (const auto& item : *list) {
      if (item.size() + 1 > longest_string)
        return failure{list == &what.argv ? terminal_error::bad_command
                                          : terminal_error::bad_environment,
                       fmt::format("an item of {} bytes is too long for the system; the most is {}",
                                   item.size(), longest_string - 1)};
      total += item.size() + 1 + sizeof(char*);
    }
  }
  const long limit = ::sysconf(_SC_ARG_MAX);
  if (limit > 0 && total > static_cast<std::size_t>(limit))
    return failure{
        terminal_error::bad_command,
        fmt::format("the command and its environment take {} bytes; the system allows {}", total,
                    limit)};
  return {};
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The user's shell: $SHELL if it can run, else the user table's, else /bin/sh.
std::string shell_of(const environment& env, const user_record& user) {
  const auto named = env.get("SHELL");
  if (named.starts_with('/') && kind_of(named) == file_kind::executable)
    return named;
  if (user.shell.starts_with('/') && kind_of(user.shell) == file_kind::executable)
    return user.shell;
  return "/bin/sh";
}

} // namespace

spawn_context for_user(const spawn_context& server, const user_record& who) {
  auto out = server;
  out.server = login_environment(server.server);
  out.user = who;
  out.identity.server.clear(); // the socket is in a folder that is closed to others
  out.start = shell_start::login;
  out.integration_dir = server.public_integration_dir;
  return out;
}

result<prepared_spawn> prepare(const spawn_request& request, const spawn_context& context) {
  if (!is_valid_size(request.cols, request.rows))
    return failure{
        terminal_error::bad_size,
        fmt::format("{}x{} is not a terminal size; columns go from 1 to {}, rows from 1 to {}",
                    request.cols, request.rows, max_columns, max_rows)};
  if (auto checked = check_command(request.command); !checked)
    return std::move(checked).error();
  ROOST_TRY(auto env,
            session_environment(context.server, context.user, context.identity, request.env));
  prepared_spawn out;
  out.size = {static_cast<std::uint16_t>(request.cols), static_cast<std::uint16_t>(request.rows)};
  ROOST_TRY(out.cwd, check_cwd(request, env));
  env.set("PWD", out.cwd); // keeps the name of a folder that was reached through a symbolic link

  const auto& asked = request.command.empty() ? context.default_command : request.command;
  auto start = shell_start::interactive;
  if (asked.empty()) {
    out.command = {shell_of(env, context.user)};
    start = context.start;
  } else {
    out.command = asked;
  }
  ROOST_TRY(out.executable, resolve(out.command.front(), env, out.cwd));
  out.argv = out.command;
  if (start == shell_start::login)
    out.argv.front() = "-" + std::string(file_name(out.executable));
  if (!context.integration_dir.empty())
    integrate_shell(out.executable, start, context.integration_dir, out.argv, env);
  out.env = env.lines();
  if (auto checked = check_total(out); !checked)
    return std::move(checked).error();
  return out;
}

} // namespace roost::terminal
