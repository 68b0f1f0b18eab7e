#include "tests/bench/load/floor.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace roost::bench {

namespace {

constexpr int backlog = 1024;
constexpr std::string_view answer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
    "Retry-After: 7\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";

} // namespace

void run_floor() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, generic, size) != 0 || ::listen(listener, backlog) != 0 ||
      ::getsockname(listener, generic, &size) != 0)
    throw std::runtime_error(std::string{"cannot listen: "} + std::strerror(errno));
  std::printf("listening %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  while (true) {
    pollfd ready{listener, POLLIN, 0};
    ::poll(&ready, 1, -1);
    for (int fd = 0; (fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      ::send(fd, answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      ::shutdown(fd, SHUT_WR);
      ::close(fd);
    }
  }
}

} // namespace roost::bench
