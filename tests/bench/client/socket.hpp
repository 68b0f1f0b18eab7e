#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roost::bench {

/// A connected TCP socket on loopback, blocking, closed at the end of its life.
class tcp_socket {
public:
  explicit tcp_socket(std::uint16_t port);
  ~tcp_socket();
  tcp_socket(const tcp_socket&) = delete;
  tcp_socket& operator=(const tcp_socket&) = delete;

  void write(std::string_view bytes);

  /// Reads what there is: 0 at the end. Throws when nothing came for 20 s.
  std::size_t read(char* into, std::size_t size);

  int fd() const { return fd_; }
  std::uint16_t port() const { return port_; }

private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

struct http_answer {
  int status = 0;
  std::string head;
  std::string body;
  std::string rest; ///< bytes after the head of a 101 answer
};

/// One request and its answer on a connection that stays open.
http_answer http_request(tcp_socket& socket, std::string_view method, std::string_view path,
                         std::string_view headers, std::string_view body);

/// The text or number of a member of a flat JSON object, "" when it is not there.
std::string json_member(std::string_view json, std::string_view name);

} // namespace roost::bench
