#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::test {

/// What a server answered.
struct http_answer {
  int status = 0;                                           ///< 0: nothing readable came
  std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A socket that a test drives byte by byte. Every wait has a deadline, so nothing hangs.
class http_client {
public:
  static http_client tcp(std::uint16_t port, const char* address = "127.0.0.1");
  static http_client unix_socket(const std::string& path);
  explicit http_client(int fd) : fd_(fd) {}
  http_client(http_client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}
  http_client& operator=(http_client&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(pending_, other.pending_);
    return *this;
  }
  ~http_client();

  [[nodiscard]] int fd() const { return fd_; }
  /// False when the server has closed.
  bool send(std::string_view bytes);
  void finish_sending();
  void close();

  /// Reads one response with its whole body (by length, chunks or the end of the connection).
  http_answer receive(bool is_head = false);
  /// Reads until this text has come; all that came until then, or nothing.
  std::optional<std::string> receive_until(std::string_view text);
  /// Whether the server closes within the deadline; what it sends until then is dropped.
  bool is_closed_within(std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Whether the connection is open and silent right now.
  [[nodiscard]] bool is_open() const;

  /// One request and its answer.
  http_answer exchange(std::string_view request) {
    send(request);
    return receive();
  }

private:
  bool read_more(std::chrono::steady_clock::time_point deadline);

  int fd_;
  std::string pending_;
};

/// A request with Host, ended by the empty line. `headers` are whole lines with their line ends.
std::string http_request_text(std::string_view method, std::string_view target,
                              std::string_view headers = {}, std::string_view body = {});

} // namespace roost::test
