#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>

#include "actors/terminal/pty/unique_fd.hpp"
#include "actors/terminal/shell_integration/inject.hpp"
#include "actors/terminal/shell_integration/snippets.hpp"

namespace roost::terminal {
namespace {

constexpr mode_t private_folder = 0700;
constexpr mode_t public_folder = 0755;
constexpr mode_t file_mode = 0644;

failure unusable() {
  return {setup_error::data_dir_unusable, "the shell integration files could not be written"};
}

bool make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return false;
  // What others shall read must be so whatever our umask is.
  return mode == private_folder || ::chmod(path.c_str(), mode) == 0;
}

/// Whether the file holds exactly `text`. Files that differ are read no further than needed.
bool holds(const std::string& path, std::string_view text) {
  const unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd)
    return false;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0)
      return false;
    if (size == 0)
      return text.empty();
    const std::string_view piece(buffer.data(), static_cast<std::size_t>(size));
    if (!text.starts_with(piece))
      return false;
    text.remove_prefix(piece.size());
  }
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto size = ::write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

/// A shell that starts at this moment reads the old file or the new one, never a part.
bool replace(const std::string& path, std::string_view text) {
  const auto temporary = path + ".new";
  unique_fd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, file_mode));
  const bool is_written = fd && ::fchmod(fd.get(), file_mode) == 0 && write_all(fd.get(), text);
  fd.reset();
  if (is_written && ::rename(temporary.c_str(), path.c_str()) == 0)
    return true;
  ::unlink(temporary.c_str());
  return false;
}

result<std::string> install(const std::string& root, mode_t mode) {
  if (!make_folder(root, mode))
    return unusable();
  for (const auto& file : snippets()) {
    const auto path = root + "/" + std::string(file.path);
    if (file.path.find('/') != std::string_view::npos &&
        !make_folder(path.substr(0, path.rfind('/')), mode))
      return unusable();
    if (!holds(path, file.text) && !replace(path, file.text))
      return unusable();
  }
  return root;
}

} // namespace

result<std::string> install_shell_integration(const std::string& data_dir) {
  return install(data_dir + "/shell-integration", private_folder);
}

result<std::string> install_public_shell_integration(const std::string& folder) {
  return install(folder, public_folder);
}

} // namespace roost::terminal
