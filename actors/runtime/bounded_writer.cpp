#include "actors/runtime/bounded_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace roost {

bounded_writer::bounded_writer(int fd, std::chrono::milliseconds patience)
    : fd_(fd), patience_(patience) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    is_broken_ = true;
    return;
  }
  if (S_ISSOCK(info.st_mode)) {
    kind_ = kind::socket;
  } else if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
    own_fd_ = ::open(fmt::format("/proc/self/fd/{}", fd).c_str(),
                     O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    kind_ = own_fd_ >= 0 ? kind::non_blocking : kind::polled;
  }
}

bounded_writer::~bounded_writer() {
  if (own_fd_ >= 0)
    ::close(own_fd_);
}

bounded_writer::outcome bounded_writer::write(std::string_view line) {
  if (!rest_.empty()) {
    rest_.erase(0, push(rest_));
    if (!rest_.empty()) {
      ++dropped_;
      return outcome::dropped;
    }
  }
  const auto taken = push(line);
  if (taken == 0 && !line.empty()) {
    ++dropped_;
    return outcome::dropped;
  }
  rest_.assign(line.substr(taken));
  return outcome::written;
}

std::uint64_t bounded_writer::take_dropped() { return std::exchange(dropped_, 0); }

std::size_t bounded_writer::push(std::string_view bytes) {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  std::size_t taken = 0;
  while (taken < bytes.size() && !is_broken_) {
    const auto count = write_some(bytes.substr(taken));
    if (count > 0) {
      taken += static_cast<std::size_t>(count);
      is_stalled_ = false;
      continue;
    }
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      // The reader is gone for good (EPIPE, EBADF, EIO) or the disk is full. A full disk may have
      // room again, so only the former ends the attempts.
      is_broken_ = errno == EPIPE || errno == EBADF;
      break;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (is_stalled_ || left.count() <= 0) {
      is_stalled_ = true;
      break;
    }
    pollfd waiting{.fd = own_fd_ >= 0 ? own_fd_ : fd_, .events = POLLOUT, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>(left.count()));
  }
  return taken;
}

long bounded_writer::write_some(std::string_view bytes) const {
  switch (kind_) {
  case kind::socket:
    return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  case kind::non_blocking:
    return ::write(own_fd_, bytes.data(), bytes.size());
  case kind::polled: {
    // No description of our own: a pipe that polls writable takes PIPE_BUF bytes without blocking.
    pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) == 0) {
      errno = EAGAIN;
      return -1;
    }
    return ::write(fd_, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
  }
  case kind::plain:
    break;
  }
  return ::write(fd_, bytes.data(), bytes.size());
}

} // namespace roost
