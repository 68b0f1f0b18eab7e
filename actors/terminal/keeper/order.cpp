#include "actors/terminal/keeper/order.hpp"

#include "actors/terminal/pty/quoted.hpp"
#include "actors/terminal/sandbox/refusal.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include <fmt/format.h>

namespace roost::terminal {

namespace {

bool is_named(const std::string& line, const std::string& name) {
  return line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=';
}

std::vector<std::string> environment_of(const prepared_spawn& what, const sandbox_plan& plan) {
  std::vector<std::string> out;
  for (const auto& line : what.env) {
    const auto drops = [&line](const std::string& name) { return is_named(line, name); };
    const auto replaces = [&line](const auto& item) { return is_named(line, item.first); };
    if (!std::ranges::any_of(plan.unset, drops) && !std::ranges::any_of(plan.set, replaces))
      out.push_back(line);
  }
  for (const auto& [name, value] : plan.set)
    out.push_back(name + "=" + value);
  return out;
}

failure no_terminal(int error) {
  switch (error) {
  case ENOSPC: // /proc/sys/kernel/pty/max
    return {terminal_error::pty_exhausted, "all pseudo-terminals are in use; end some sessions"};
  case EMFILE:
  case ENFILE:
    return {terminal_error::pty_exhausted, "too many open files; end some sessions"};
  default:
    return {terminal_error::spawn_failed,
            fmt::format("no terminal could be opened (error {})", error)};
  }
}

/// Says which of the things that `prepare` found in order no longer is.
failure no_program(int error, const prepared_spawn& what) {
  const auto command = quoted(what.command.front());
  switch (error) {
  case EAGAIN:
    return {terminal_error::process_limit, "the system's limit of processes is reached"};
  case E2BIG:
    return {terminal_error::bad_command, "the command and its environment are too long"};
  case EMFILE:
  case ENFILE:
    return {terminal_error::pty_exhausted, "too many open files; end some sessions"};
  case ENOENT:
  case ENOTDIR:
  case EACCES:
    if (::faccessat(AT_FDCWD, what.cwd.c_str(), X_OK, AT_EACCESS) != 0)
      return {terminal_error::bad_cwd, "the folder cannot be entered any more"};
    if (::faccessat(AT_FDCWD, what.executable.c_str(), X_OK, AT_EACCESS) != 0)
      return {terminal_error::command_not_found, command + " is gone"};
    return {terminal_error::command_not_executable,
            command + " names an interpreter that cannot be run; check its first line"};
  case ENOEXEC:
  case ELIBBAD:
    return {terminal_error::command_not_executable, command + " is not a program for this machine"};
  default:
    return {terminal_error::spawn_failed,
            fmt::format("the program could not be started (error {})", error)};
  }
}

} // namespace

result<start_order> make_order(const prepared_spawn& what, const sandbox_plan& plan,
                               std::uint64_t history, const std::string& keeper_program) {
  start_order out;
  auto& to = out.parts;
  using keeper::tag;
  keeper::append_part(to, tag::executable, plan.executable);
  for (const auto& word : plan.argv)
    keeper::append_part(to, tag::argument, word);
  for (const auto& line : environment_of(what, plan))
    keeper::append_part(to, tag::environment, line);
  keeper::append_part(to, tag::folder, plan.folder);
  keeper::append_value(to, tag::size, std::array<std::uint16_t, 2>{what.size.cols, what.size.rows});
  keeper::append_value(to, tag::memory, keeper::memory_wish{history});
  if (plan.is_sandboxed)
    keeper::append_part(to, tag::sandboxed, {});
  for (const auto& limit : plan.limits.rlimits)
    keeper::append_value(
        to, tag::limit,
        keeper::limit_wish{static_cast<std::uint32_t>(limit.resource), 0, limit.most});
  for (const auto& line : plan.limits.cgroup)
    keeper::append_part(to, tag::cgroup, line);
  if (to.size() > keeper::largest_request)
    return failure{terminal_error::bad_command, "the command and its environment are too long"};
  ROOST_TRY(out.fds, open_descriptors(plan, keeper_program));
  return out;
}

void add_user(start_order& to, const user_record& who, std::optional<gid_t> terminal_group) {
  using keeper::tag;
  keeper::append_value(to.parts, tag::user, keeper::user_wish{who.uid, who.gid});
  for (const std::uint32_t group : who.groups)
    keeper::append_value(to.parts, tag::group, group);
  if (terminal_group)
    keeper::append_value(to.parts, tag::terminal_group, std::uint32_t{*terminal_group});
}

void add_again(start_order& to) { keeper::append_part(to.parts, keeper::tag::again, {}); }

result<unique_fd> pack(const std::string& parts) {
  unique_fd out(::memfd_create("roost-start", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!out)
    return failure{terminal_error::spawn_failed, "out of memory"};
  std::string_view left = parts;
  while (!left.empty()) {
    const auto size = ::write(out.get(), left.data(), left.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return failure{terminal_error::spawn_failed, "out of memory"};
    left.remove_prefix(static_cast<std::size_t>(size));
  }
  ::fcntl(out.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return out;
}

failure explain(const keeper::refused& why, const prepared_spawn& what,
                const std::string& profile) {
  using keeper::step;
  const bool is_sandboxed = profile != "none";
  switch (why.at) {
  case step::terminal:
    return no_terminal(why.error);
  case step::folder:
    return {terminal_error::bad_cwd, "the folder cannot be entered"};
  case step::program:
    if (is_sandboxed)
      return {terminal_error::command_not_found,
              quoted(what.command.front()) + " cannot be run in the sandbox \"" + profile + "\""};
    return no_program(why.error, what);
  case step::sandbox: {
    const std::string_view text(why.text.data(), ::strnlen(why.text.data(), why.text.size()));
    return explain_refusal(text, profile);
  }
  case step::limit:
    return {terminal_error::process_limit,
            fmt::format("a limit of the session could not be set (error {})", why.error)};
  case step::process:
    if (why.error == ECANCELED)
      return {terminal_error::spawn_failed, "the keeper is ending; try again"};
    return no_program(why.error, what);
  case step::memory:
    return {terminal_error::spawn_failed,
            fmt::format("no memory for the session's history (error {})", why.error)};
  case step::user:
    return {terminal_error::run_as_unavailable,
            why.error == EPERM
                ? "the system does not let the keeper become another user: it needs the "
                  "capabilities SETUID and SETGID"
                : fmt::format("the keeper could not become the user (error {})", why.error)};
  case step::id:
  case step::packet:
    break;
  }
  return {terminal_error::spawn_failed, fmt::format("the keeper refused it (step {}, error {})",
                                                    static_cast<unsigned>(why.at), why.error)};
}

} // namespace roost::terminal
