#include "actors/channel/transport/unix_transport.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

namespace roost::channel {

namespace {

/// Whether this means that nobody is there, as opposed to somebody who does not keep up, or to the
/// server's own lack of descriptors.
bool is_absence(int error) {
  switch (error) {
  case ENOENT:
  case ENOTDIR:
  case ELOOP:
  case ECONNREFUSED:
  case ENOTSOCK:
  case EPROTOTYPE:
  case EACCES:
  case EPERM:
    return true;
  default: // EAGAIN above all: its queue of connections is full
    return false;
  }
}

} // namespace

std::optional<trouble> unix_transport::open() {
  if (is_attached())
    return std::nullopt;
  const auto cannot = [this](int error) {
    return trouble{is_absence(error) ? reply_kind::unavailable : reply_kind::transport,
                   fmt::format("{}: {}", path_, std::generic_category().message(error))};
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.empty() || path_.size() >= sizeof address.sun_path)
    return trouble{reply_kind::unavailable,
                   fmt::format("{}: a socket's path has 1 to {} bytes, this one has {}", path_,
                               sizeof address.sun_path - 1, path_.size())};
  std::memcpy(address.sun_path, path_.data(), path_.size());
  terminal::unique_fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket)
    return cannot(errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    is_up_ = false;
    return cannot(error);
  }
  is_up_ = true;
  ++starts_;
  attach(std::move(socket));
  return std::nullopt;
}

} // namespace roost::channel
