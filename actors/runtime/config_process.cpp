#include <array>
#include <cerrno>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/runtime/config_load.hpp"
#include "actors/runtime/system_user.hpp"

extern char** environ; // NOLINT(readability-redundant-declaration): not every libc declares it

namespace roost {

namespace {

// Above the parser's own limit, so that the parser's message is the one people see.
constexpr std::size_t file_limit = std::size_t{1} << 20;

failure unreadable(std::string_view why) {
  return {setup_error::bad_configuration, std::string(why)};
}

std::string_view reason(int code) {
  switch (code) {
  case ENOENT:
  case ENOTDIR:
    return "there is no such file";
  case EACCES:
  case EPERM:
    return "it may not be read";
  case EISDIR:
    return "it is a folder";
  case ELOOP:
    return "too many symbolic links";
  default:
    return "it cannot be read";
  }
}

result<std::string> read_whole_file(const std::string& path) {
  // Non-blocking, so that a pipe without a writer is an answer and not a wait.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return unreadable(reason(errno));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return unreadable(S_ISDIR(info.st_mode) ? "it is a folder" : "it is not a regular file");
  }
  std::string out;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0) {
      const auto code = errno;
      ::close(fd);
      return unreadable(reason(code));
    }
    out.append(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0 || out.size() > file_limit)
      break;
  }
  ::close(fd);
  return out;
}

} // namespace

config_inputs process_inputs(int argc, const char* const* argv) {
  config_inputs inputs;
  for (int i = 1; i < argc; ++i)
    inputs.arguments.emplace_back(argv[i]);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      inputs.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0)
    inputs.host_name = host.data();
  std::array<char, PATH_MAX> folder{};
  inputs.working_dir = ::getcwd(folder.data(), folder.size()) != nullptr ? folder.data() : "/";
  inputs.read_file = read_whole_file;
  inputs.is_root = ::geteuid() == 0;
  inputs.has_user = [](const std::string& name) { return find_user(name).has_value(); };
  return inputs;
}

} // namespace roost
