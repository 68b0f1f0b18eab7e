#pragma once

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace roost::test {

/// A descriptor that is closed with it.
class owned_fd {
public:
  explicit owned_fd(int fd = -1) : fd_(fd) {}
  owned_fd(owned_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  owned_fd& operator=(owned_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~owned_fd() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

private:
  int fd_;
};

inline bool is_ready(int fd, short what, std::chrono::milliseconds limit) {
  pollfd wait{fd, what, 0};
  return ::poll(&wait, 1, static_cast<int>(limit.count())) == 1;
}

/// What a listener has for us; -1 when nothing comes.
inline owned_fd accept_from(int listener) {
  is_ready(listener, POLLIN, std::chrono::seconds(10));
  return owned_fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
}

/// Whether this process may give a TCP socket a filter. Newer kernels want CAP_NET_ADMIN: tests
/// show there that nothing changes without it.
inline bool may_filter() {
  const owned_fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  sock_filter pass = {BPF_RET | BPF_K, 0, 0, 0xffffffff};
  const sock_fprog program = {1, &pass};
  return ::setsockopt(probe.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

enum class attempt { connected, failed, pending };

/// A TCP client that says which loopback address it comes from.
class loopback_socket {
public:
  /// Begins to connect. @param from and `to` numeric, of one family.
  loopback_socket(const char* from, const char* to, std::uint16_t port) {
    const bool is_v6 = std::string_view(to).find(':') != std::string_view::npos;
    socket_ = owned_fd(::socket(is_v6 ? AF_INET6 : AF_INET,
                                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    const auto local = address(from, 0, is_v6);
    const auto remote = address(to, port, is_v6);
    const auto size = static_cast<socklen_t>(is_v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    has_begun_ = ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&local), size) == 0 &&
                 (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&remote), size) == 0 ||
                  errno == EINPROGRESS);
  }

  [[nodiscard]] int fd() const { return socket_.get(); }

  [[nodiscard]] attempt outcome(std::chrono::milliseconds limit) const {
    if (!has_begun_)
      return attempt::failed;
    if (!is_ready(fd(), POLLOUT, limit))
      return attempt::pending;
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? attempt::connected : attempt::failed;
  }
  [[nodiscard]] bool is_connected() const {
    return outcome(std::chrono::seconds(10)) == attempt::connected;
  }
  /// Neither connected nor refused: on loopback a SYN is answered while it is sent.
  [[nodiscard]] bool is_dropped() const {
    return outcome(std::chrono::milliseconds(200)) == attempt::pending;
  }

private:
  static sockaddr_storage address(const char* text, std::uint16_t port, bool is_v6) {
    sockaddr_storage made{};
    made.ss_family = is_v6 ? AF_INET6 : AF_INET;
    auto& v6 = reinterpret_cast<sockaddr_in6&>(made);
    auto& v4 = reinterpret_cast<sockaddr_in&>(made);
    (is_v6 ? v6.sin6_port : v4.sin_port) = htons(port);
    ::inet_pton(made.ss_family, text,
                is_v6 ? static_cast<void*>(&v6.sin6_addr) : static_cast<void*>(&v4.sin_addr));
    return made;
  }

  owned_fd socket_;
  bool has_begun_ = false;
};

/// Whether bytes pass from one end of a connection to the other.
inline bool carries(int from, int to) {
  if (::send(from, "x", 1, MSG_NOSIGNAL) != 1 || !is_ready(to, POLLIN, std::chrono::seconds(10)))
    return false;
  char byte = 0;
  return ::recv(to, &byte, 1, 0) == 1 && byte == 'x';
}

} // namespace roost::test
