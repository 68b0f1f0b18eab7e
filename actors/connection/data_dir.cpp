#include "actors/connection/data_dir.hpp"

#include "actors/connection/encoding.hpp"
#include "actors/connection/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace roost::connection {

namespace {

failure unusable(const std::string& path, std::string_view what) {
  return failure(setup_error::data_dir_unusable, fmt::format("{}: {}", path, what));
}

std::string error_text(int error) {
  return std::error_code(error, std::system_category()).message();
}

result<void> make_private_folder(const std::string& path) {
  std::error_code ec;
  const auto parent = std::filesystem::path(path).parent_path();
  std::filesystem::create_directories(parent, ec);
  if (ec)
    return unusable(parent.string(), "cannot be made: " + ec.message());
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return unusable(path, "cannot be made: " + error_text(errno));

  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return unusable(path, error_text(errno));
  if (!S_ISDIR(info.st_mode))
    return unusable(path, "is not a folder");
  if (info.st_uid != ::geteuid())
    return unusable(path,
                    fmt::format("belongs to uid {}, not to uid {}", info.st_uid, ::geteuid()));
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return unusable(path, "is open to others; run: chmod 700 " + path);
  return {};
}

std::string read_pid(int lock) {
  std::array<char, 32> text{};
  const auto n = ::pread(lock, text.data(), text.size(), 0);
  std::string_view pid(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  pid = pid.substr(0, pid.find('\n'));
  const bool is_number = !pid.empty() && std::all_of(pid.begin(), pid.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? std::string(pid) : "unknown";
}

} // namespace

result<std::unique_ptr<data_dir>> data_dir::open(const std::string& wanted) {
  std::error_code ec;
  auto path = std::filesystem::absolute(wanted, ec).lexically_normal().string();
  if (ec || wanted.empty())
    return unusable(wanted, "is not a path");
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  if (auto made = make_private_folder(path); !made)
    return std::move(made).error();

  const auto lock_path = path + "/lock";
  const int lock =
      ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (lock < 0)
    return unusable(lock_path, error_text(errno));
  std::unique_ptr<data_dir> held(new data_dir(std::move(path), lock));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return unusable(lock_path, error_text(errno));
    return failure(setup_error::data_dir_in_use,
                   fmt::format("{} is in use by the roostd with pid {}; stop it, or give another "
                               "--data-dir",
                               held->path(), read_pid(lock)));
  }
  const auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(lock, 0) != 0 ||
      ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return unusable(lock_path, error_text(errno));
  return held;
}

data_dir::~data_dir() { ::close(lock_); }

result<std::array<std::byte, 32>> data_dir::cookie_key(random_source& random) const {
  const auto file = path_ + "/cookie-key";
  std::array<std::byte, 32> key{};
  ROOST_TRY(const auto text, read_private_file(file, 256));
  if (!text) {
    random.fill(key);
    if (auto written = write_private_file(file, to_hex(key) + "\n"); !written)
      return std::move(written).error();
    return key;
  }
  const auto bytes = from_hex(std::string_view(*text).substr(0, text->find('\n')));
  if (!bytes || bytes->size() != key.size())
    return unusable(file, "is damaged; delete it to end all logins and start with a new one");
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

result<std::uint64_t> data_dir::next_boot() const {
  const auto file = path_ + "/boots";
  ROOST_TRY(const auto text, read_private_file(file, 256));
  std::uint64_t boots = 0;
  if (text) {
    const auto* const end = text->data() + std::min(text->find('\n'), text->size());
    const auto read = std::from_chars(text->data(), end, boots);
    if (read.ec != std::errc{} || read.ptr != end)
      return unusable(file, "is damaged; write a number into it that is higher than ever before");
  }
  ++boots;
  if (auto written = write_private_file(file, std::to_string(boots) + "\n"); !written)
    return std::move(written).error();
  return boots;
}

result<std::string> data_dir::node_id(random_source& random) const {
  constexpr std::size_t size = 36;
  const auto file = path_ + "/node-id";
  ROOST_TRY(const auto text, read_private_file(file, 256));
  if (text) {
    auto id = text->substr(0, text->find('\n'));
    const bool is_whole =
        id.size() == size && id.find_first_not_of("0123456789abcdef-") == std::string::npos;
    if (!is_whole)
      return unusable(file, "is damaged; delete it to make this a new node");
    return id;
  }
  std::array<std::byte, 16> bits{};
  random.fill(bits);
  bits[6] = (bits[6] & std::byte{0x0f}) | std::byte{0x40};
  bits[8] = (bits[8] & std::byte{0x3f}) | std::byte{0x80};
  auto id = to_hex(bits);
  for (const auto at : {20, 16, 12, 8})
    id.insert(static_cast<std::size_t>(at), "-");
  if (auto written = write_private_file(file, id + "\n"); !written)
    return std::move(written).error();
  return id;
}

} // namespace roost::connection
