#include "actors/connection/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace roost::connection {

namespace {

/// A descriptor that closes itself.
class owned_fd {
public:
  explicit owned_fd(int fd) : fd_(fd) {}
  owned_fd(const owned_fd&) = delete;
  owned_fd& operator=(const owned_fd&) = delete;
  ~owned_fd() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

private:
  int fd_;
};

failure unusable(std::string_view doing, const std::string& path, int error) {
  return failure(setup_error::data_dir_unusable,
                 fmt::format("{} {}: {}", doing, path,
                             std::error_code(error, std::system_category()).message()));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

} // namespace

result<void> write_private_file(const std::string& path, std::string_view content) {
  const auto fresh = path + ".new";
  {
    const owned_fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                               S_IRUSR | S_IWUSR));
    if (!file.is_open() || ::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0 ||
        !write_all(file.get(), content) || ::fsync(file.get()) != 0)
      return unusable("cannot write", fresh, errno);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    return unusable("cannot replace", path, errno);
  const auto folder = path.substr(0, path.rfind('/') + 1);
  const owned_fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0)
    return unusable("cannot sync", folder, errno);
  return {};
}

result<std::optional<std::string>> read_private_file(const std::string& path, std::size_t limit) {
  const owned_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT)
      return std::optional<std::string>{};
    return unusable("cannot read", path, errno);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    return unusable("cannot read", path, errno);
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return failure(setup_error::data_dir_unusable,
                   fmt::format("{} can be read by others; run: chmod 600 {}", path, path));
  std::string content(limit + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const auto n = ::read(file.get(), content.data() + size, content.size() - size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return unusable("cannot read", path, errno);
    if (n == 0)
      break;
    size += static_cast<std::size_t>(n);
  }
  if (size > limit)
    return failure(setup_error::data_dir_unusable, fmt::format("{} is too large", path));
  content.resize(size);
  return std::optional<std::string>(std::move(content));
}

} // namespace roost::connection
