#include "tests/unit/actors/connection/http_client.hpp"

#include "actors/connection/encoding.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace roost::test {

namespace {

constexpr std::chrono::seconds patience{20};

std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds limit) {
  return std::chrono::steady_clock::now() + limit;
}

int remaining_ms(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return left.count() < 0 ? 0 : static_cast<int>(left.count());
}

} // namespace

std::string http_answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name)
      return value;
  return {};
}

http_client http_client::tcp(std::uint16_t port, const char* address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &to.sin_addr);
  ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
  return http_client(fd);
}

http_client http_client::unix_socket(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.c_str(), path.size());
  ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to);
  return http_client(fd);
}

http_client::~http_client() { close(); }

void http_client::close() {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

bool http_client::send(std::string_view bytes) {
  const auto deadline = deadline_after(patience);
  while (!bytes.empty()) {
    pollfd state{fd_, POLLOUT, 0};
    if (::poll(&state, 1, remaining_ms(deadline)) <= 0)
      return false;
    const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN)
      return false;
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void http_client::finish_sending() { ::shutdown(fd_, SHUT_WR); }

bool http_client::read_more(std::chrono::steady_clock::time_point deadline) {
  pollfd state{fd_, POLLIN, 0};
  if (::poll(&state, 1, remaining_ms(deadline)) <= 0)
    return false;
  char bytes[16384];
  const auto n = ::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n <= 0)
    return false;
  pending_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

std::optional<std::string> http_client::receive_until(std::string_view text) {
  const auto deadline = deadline_after(patience);
  for (;;) {
    if (const auto at = pending_.find(text); at != std::string::npos) {
      auto found = pending_.substr(0, at + text.size());
      pending_.erase(0, at + text.size());
      return found;
    }
    if (!read_more(deadline))
      return std::nullopt;
  }
}

http_answer http_client::receive(bool is_head) {
  http_answer answer;
  const auto head = receive_until("\r\n\r\n");
  if (!head || head->size() < 12)
    return answer;
  std::string_view rest = *head;
  answer.status = std::atoi(rest.substr(9, 3).data());
  rest.remove_prefix(rest.find("\r\n") + 2);
  while (rest != "\r\n" && !rest.empty()) {
    const auto line = rest.substr(0, rest.find("\r\n"));
    const auto colon = line.find(": ");
    answer.headers.emplace_back(connection::to_lower(line.substr(0, colon)),
                                std::string(line.substr(colon + 2)));
    rest.remove_prefix(line.size() + 2);
  }
  if (is_head || answer.status == 204 || answer.status == 304 || answer.status < 200)
    return answer;

  const auto deadline = deadline_after(patience);
  if (answer.header("transfer-encoding") == "chunked") {
    for (;;) {
      const auto line = receive_until("\r\n");
      if (!line)
        return {};
      const auto size = std::strtoul(line->c_str(), nullptr, 16);
      while (pending_.size() < size + 2)
        if (!read_more(deadline))
          return {};
      answer.body += pending_.substr(0, size);
      pending_.erase(0, size + 2);
      if (size == 0)
        return answer;
    }
  }
  if (const auto length = answer.header("content-length"); !length.empty()) {
    const auto size = std::strtoul(length.c_str(), nullptr, 10);
    while (pending_.size() < size)
      if (!read_more(deadline))
        return {};
    answer.body = pending_.substr(0, size);
    pending_.erase(0, size);
    return answer;
  }
  while (read_more(deadline))
    ;
  answer.body = std::exchange(pending_, {});
  return answer;
}

bool http_client::is_closed_within(std::chrono::milliseconds limit) {
  const auto deadline = deadline_after(limit);
  while (read_more(deadline))
    pending_.clear();
  return remaining_ms(deadline) > 0;
}

bool http_client::is_open() const {
  pollfd state{fd_, POLLIN, 0};
  return ::poll(&state, 1, 0) == 0;
}

std::string http_request_text(std::string_view method, std::string_view target,
                              std::string_view headers, std::string_view body) {
  const auto length =
      body.empty() ? std::string{} : fmt::format("Content-Length: {}\r\n", body.size());
  return fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:7680\r\n{}{}\r\n{}", method, target,
                     headers, length, body);
}

} // namespace roost::test
