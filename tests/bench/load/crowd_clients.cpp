// The clients' half of crowd: what one of them does when something comes.
#include "tests/bench/load/crowd.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace roost::bench {

namespace {

constexpr std::size_t read_size = std::size_t{64} << 10;
constexpr std::string_view half_header = "GET /healthz HTTP/1.1\r\nHost: ";
constexpr std::string_view status_line = "HTTP/1.1 ";
constexpr std::string_view content_length = "\r\nContent-Length:";
constexpr std::string_view normal_closure = "\x03\xe8"; // 1000

int status_of(const std::string& answer) { return std::atoi(answer.c_str() + status_line.size()); }

} // namespace

void crowd::handle(std::uint32_t index, std::uint32_t events) {
  static std::array<char, read_size> buffer;
  if (clients_[index].now == phase::connecting && (events & (EPOLLOUT | EPOLLERR)) != 0)
    send_request(index);
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0)
    return;
  while (clients_[index].now != phase::unused) {
    const auto n = ::recv(clients_[index].fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN)
      return;
    if (n <= 0) {
      on_end(index, n < 0);
      return;
    }
    clients_[index].input.append(buffer.data(), static_cast<std::size_t>(n));
    parse(index);
    if (static_cast<std::size_t>(n) < buffer.size() && (events & EPOLLRDHUP) == 0)
      return; // edge-triggered: all is read, and the end would have been announced
  }
}

void crowd::send_request(std::uint32_t index) {
  auto& one = clients_[index];
  const std::string_view bytes = one.is_half ? half_header : request_;
  one.now = one.is_half ? phase::holding : phase::asking;
  on_the_way_ -= one.is_half ? 1 : 0;
  // Into the empty buffer of a new socket; a server that has refused it already has still answered.
  if (::send(one.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
    throw std::runtime_error("nobody listens on port " + std::to_string(to_.port));
}

void crowd::parse(std::uint32_t index) {
  if (clients_[index].now == phase::asking && !parse_answer(index))
    return;
  if (clients_[index].now == phase::holding) {
    clients_[index].input = {}; // it was refused; its end follows
    return;
  }
  std::size_t used = 0;
  while (clients_[index].now != phase::unused) {
    const auto next = first_frame(std::string_view{clients_[index].input}.substr(used));
    if (next.size == 0)
      break;
    used += next.size;
    on_frame(index, next);
  }
  auto& input = clients_[index].input;
  if (used == input.size())
    input = {}; // an idle client keeps no buffer
  else
    input.erase(0, used);
}

/// True when the upgrade is done and frames may follow. Who is refused waits for the server to
/// close, unless it said that the connection stays.
bool crowd::parse_answer(std::uint32_t index) {
  auto& one = clients_[index];
  const auto end = one.input.find("\r\n\r\n");
  if (end == std::string::npos || !one.input.starts_with(status_line))
    return false;
  if (status_of(one.input) == 101) {
    one.input.erase(0, end + 4);
    one.now = phase::greeting;
    return true;
  }
  const auto* const length = strcasestr(one.input.c_str(), content_length.data());
  const auto body =
      length == nullptr ? 0 : std::strtoull(length + content_length.size(), nullptr, 10);
  const auto is_whole = one.input.size() >= end + 4 + body;
  if (is_whole && strcasestr(one.input.c_str(), "\r\nConnection: close") == nullptr)
    on_end(index);
  return false;
}

void crowd::on_frame(std::uint32_t index, const frame& what) {
  auto& one = clients_[index];
  if (what.what == opcode::ping) {
    const auto pong = client_frame(opcode::pong, what.payload);
    if (::send(one.fd, pong.data(), pong.size(), MSG_NOSIGNAL) > 0)
      ++now_.pings;
  } else if (one.now == phase::greeting && what.what == opcode::text &&
             what.payload.find("\"hello\"") != std::string_view::npos) {
    ++now_.opened;
    one.now = phase::open;
    --on_the_way_;
    if (one.leaves)
      say_goodbye(index);
  } else if (what.what == opcode::close && one.now != phase::closing) {
    const auto bytes = client_frame(opcode::close, normal_closure);
    ::send(one.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); // the end shows in the read
  }
}

void crowd::say_goodbye(std::uint32_t index) {
  auto& one = clients_[index];
  one.now = phase::closing;
  ++on_the_way_;
  const auto bytes = client_frame(opcode::close, normal_closure);
  ::send(one.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL); // the end shows in the read
}

void crowd::on_end(std::uint32_t index, bool is_reset) {
  const auto& one = clients_[index];
  const auto is_answered = one.now == phase::asking && one.input.starts_with(status_line);
  switch (one.now) {
  case phase::connecting:
  case phase::asking:
  case phase::greeting:
    --on_the_way_;
    now_.reset += is_answered ? 0 : 1;
    now_.cut += is_answered && is_reset ? 1 : 0;
    if (is_answered)
      ++now_.refused[status_of(one.input)];
    break;
  case phase::closing:
    --on_the_way_;
    ++now_.closed;
    break;
  case phase::holding:
    ++now_.closed;
    break;
  case phase::open:
    ++now_.lost;
    break;
  case phase::unused:
    return;
  }
  drop(index);
}

void crowd::drop(std::uint32_t index) {
  ::close(clients_[index].fd);
  clients_[index] = {};
  unused_.push_back(index);
}

} // namespace roost::bench
