#include "apps/keeper/start_request.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace roost::keeper {
namespace {

constexpr std::size_t most_groups = 65536; // NGROUPS_MAX

/// Takes a value of fixed size.
template <class Value>
bool take(std::string_view bytes, Value& into) {
  if (bytes.size() != sizeof into)
    return false;
  std::memcpy(&into, bytes.data(), sizeof into);
  return true;
}

/// What ends in execve must not hold a NUL, after which the kernel would see nothing.
bool is_text(std::string_view bytes) { return bytes.find('\0') == std::string_view::npos; }
bool is_absolute(std::string_view bytes) {
  return is_text(bytes) && !bytes.empty() && bytes.front() == '/';
}

bool take_variable(std::string_view bytes, start_request& into) {
  const auto equals = bytes.find('=');
  if (!is_text(bytes) || equals == 0 || equals == std::string_view::npos)
    return false;
  into.environment.emplace_back(bytes);
  return true;
}

bool take_size(std::string_view bytes, start_request& into) {
  std::uint16_t both[2]{};
  if (into.size.ws_col != 0 || !take(bytes, both) || both[0] == 0 || both[1] == 0)
    return false;
  into.size.ws_col = both[0];
  into.size.ws_row = both[1];
  return true;
}

/// "memory.max=123": the name becomes a file's, so it is letters, digits, '.' and '_'. What belongs
/// to the keeper, "cgroup.…", is not for a request.
bool take_cgroup_line(std::string_view bytes, start_request& into) {
  const auto equals = bytes.find('=');
  if (!is_text(bytes) || equals == std::string_view::npos)
    return false;
  const auto name = bytes.substr(0, equals);
  const auto dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos || name.substr(0, dot) == "cgroup")
    return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_'))
      return false;
  into.cgroup_lines.emplace_back(name, bytes.substr(equals + 1));
  return true;
}

/// One part. `has_memory`: whether that part was seen.
bool take_part(tag what, std::string_view bytes, start_request& into, bool& has_memory) {
  switch (what) {
  case tag::executable:
    return into.executable.empty() && is_absolute(bytes) && (into.executable = bytes, true);
  case tag::argument:
    return is_text(bytes) && (into.arguments.emplace_back(bytes), true);
  case tag::environment:
    return take_variable(bytes, into);
  case tag::folder:
    return into.folder.empty() && is_absolute(bytes) && (into.folder = bytes, true);
  case tag::size:
    return take_size(bytes, into);
  case tag::memory:
    return !std::exchange(has_memory, true) && take(bytes, into.memory);
  case tag::sandboxed:
    return bytes.empty() && !std::exchange(into.is_sandboxed, true);
  case tag::again:
    return bytes.empty() && !std::exchange(into.is_again, true);
  case tag::limit:
    return take(bytes, into.limits.emplace_back()) && into.limits.back().resource < RLIM_NLIMITS;
  case tag::user:
    return !into.user && take(bytes, into.user.emplace());
  case tag::group:
    return into.groups.size() < most_groups && take(bytes, into.groups.emplace_back());
  case tag::cgroup:
    return take_cgroup_line(bytes, into);
  case tag::terminal_group:
    return !into.terminal_group && take(bytes, into.terminal_group.emplace());
  default:
    return what >= tag::may_be_ignored;
  }
}

/// The version of the protocol that a tag came with.
std::uint16_t version_of(tag what) {
  switch (what) {
  case tag::limit:
  case tag::user:
  case tag::group:
  case tag::cgroup:
    return 2;
  case tag::again:
    return 3;
  default:
    return 1;
  }
}

} // namespace

std::optional<std::string> copy_request(int memfd, std::uint32_t size) {
  // Only a file in memory has seals: reading it cannot wait for a disk or for another process.
  if (size > largest_request || ::fcntl(memfd, F_GET_SEALS) < 0)
    return std::nullopt;
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const auto got = ::pread(memfd, out.data() + have, size - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return std::nullopt;
    have += static_cast<std::size_t>(got);
  }
  return out;
}

std::optional<start_request> parse_request(std::string_view bytes, std::uint16_t version) {
  start_request out;
  bool has_memory = false;
  while (!bytes.empty()) {
    part header;
    if (bytes.size() < sizeof header)
      return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes.remove_prefix(sizeof header);
    if (header.bytes > bytes.size() || header.reserved != 0 || version < version_of(header.what) ||
        !take_part(header.what, bytes.substr(0, header.bytes), out, has_memory))
      return std::nullopt;
    bytes.remove_prefix(header.bytes);
  }
  const bool is_whole = !out.executable.empty() && !out.arguments.empty() && !out.folder.empty() &&
                        out.size.ws_col != 0 && has_memory && (out.groups.empty() || out.user);
  if (!is_whole)
    return std::nullopt;
  return out;
}

} // namespace roost::keeper
