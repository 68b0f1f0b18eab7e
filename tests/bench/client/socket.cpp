#include "tests/bench/client/socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace roost::bench {

namespace {

/// A server that says nothing for so long is reported instead of waited for.
constexpr int silence_s = 20;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

} // namespace

tcp_socket::tcp_socket(std::uint16_t port)
    : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, port_{port} {
  if (fd_ < 0)
    fail("cannot make a socket");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval silence{silence_s, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("cannot connect to port " + std::to_string(port));
}

tcp_socket::~tcp_socket() { ::close(fd_); }

void tcp_socket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0)
      fail("cannot write to the server");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::size_t tcp_socket::read(char* into, std::size_t size) {
  const auto n = ::recv(fd_, into, size, 0);
  if (n < 0 && (errno == ECONNRESET || errno == EPIPE))
    return 0;
  if (n < 0)
    fail("nothing from the server");
  return static_cast<std::size_t>(n);
}

http_answer http_request(tcp_socket& socket, std::string_view method, std::string_view path,
                         std::string_view headers, std::string_view body) {
  std::string request;
  request.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: 127.0.0.1:");
  request.append(std::to_string(socket.port())).append("\r\n");
  request.append(headers);
  if (!body.empty())
    request.append("Content-Type: application/json\r\n");
  if (method != "GET")
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  request.append("\r\n").append(body);
  socket.write(request);

  std::string got;
  char piece[4096];
  auto more = [&] {
    const auto n = socket.read(piece, sizeof piece);
    if (n == 0)
      throw std::runtime_error("the server closed the connection: " + got);
    got.append(piece, n);
  };
  auto end = got.npos;
  while ((end = got.find("\r\n\r\n")) == got.npos)
    more();
  http_answer answer;
  answer.head = got.substr(0, end + 2);
  answer.status = std::atoi(got.c_str() + std::strlen("HTTP/1.1 "));
  got.erase(0, end + 4);
  if (answer.status == 101) {
    answer.rest = std::move(got);
    return answer;
  }
  const auto* const length = strcasestr(answer.head.c_str(), "\r\nContent-Length:");
  const auto size = length == nullptr
                        ? 0
                        : std::strtoull(length + std::strlen("\r\nContent-Length:"), nullptr, 10);
  while (got.size() < size)
    more();
  answer.body = std::move(got);
  return answer;
}

std::string json_member(std::string_view json, std::string_view name) {
  const auto key = "\"" + std::string{name} + "\"";
  auto at = json.find(key);
  if (at == json.npos)
    return {};
  at = json.find_first_not_of(" :\n", at + key.size());
  if (at == json.npos)
    return {};
  const bool text = json[at] == '"';
  at += text ? 1 : 0;
  return std::string{json.substr(at, json.find_first_of(text ? "\"" : ",} \n", at) - at)};
}

} // namespace roost::bench
