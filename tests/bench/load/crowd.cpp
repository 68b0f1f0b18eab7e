#include "tests/bench/load/crowd.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace roost::bench {

namespace {

constexpr int events_at_once = 256;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::string upgrade_request(const crowd::target& to) {
  return "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(to.port) +
         "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: cm9vc3QtYmVuY2gtbG9hZA==\r\nSec-WebSocket-Protocol: roost.v1\r\n"
         "Authorization: Bearer " +
         to.token + "\r\n\r\n";
}

sockaddr_in loopback(std::uint32_t offset, std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + offset);
  return address;
}

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

} // namespace

std::uint64_t tally::results() const {
  auto all = opened + reset;
  for (const auto& [status, count] : refused)
    all += count;
  return all;
}

crowd::crowd(target to)
    : to_(std::move(to)), request_(upgrade_request(to_)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0)
    fail("cannot make an epoll");
}

crowd::~crowd() {
  for (const auto& one : clients_)
    if (one.fd >= 0)
      ::close(one.fd);
  ::close(epoll_);
}

void crowd::use_sources(std::uint32_t first, std::uint32_t count) {
  first_source_ = first;
  sources_ = std::max(1U, count);
  turn_ = 0;
}

tally crowd::open(std::uint32_t count, std::uint32_t parallel, life how) {
  begin();
  const auto leaves = how == life::leaves_at_once;
  std::uint32_t started = 0;
  while (started < count || on_the_way_ > 0) {
    for (; started < count && on_the_way_ < parallel; ++started)
      start_one(false, leaves);
    check_deadline();
    pump(std::chrono::seconds{1});
  }
  now_.seconds = seconds(clock::now() - began_);
  return now_;
}

tally crowd::hold(std::uint32_t count, std::uint32_t parallel) {
  begin();
  std::uint32_t started = 0;
  while (started < count || on_the_way_ > 0) {
    for (; started < count && on_the_way_ < parallel; ++started)
      start_one(true, false);
    check_deadline();
    pump(std::chrono::seconds{1});
  }
  return now_;
}

tally crowd::release(std::uint32_t parallel) {
  begin();
  for (std::uint32_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].now == phase::open)
      say_goodbye(i);
    else if (clients_[i].now == phase::holding)
      on_end(i);
    while (on_the_way_ >= parallel) {
      check_deadline();
      pump(std::chrono::seconds{1});
    }
  }
  while (on_the_way_ > 0) {
    check_deadline();
    pump(std::chrono::seconds{1});
  }
  now_.seconds = seconds(clock::now() - began_);
  return now_;
}

tally crowd::watch(std::chrono::milliseconds time) {
  begin();
  const auto until = began_ + time;
  while (clock::now() < until)
    pump(std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()));
  now_.seconds = seconds(clock::now() - began_);
  return now_;
}

tally crowd::quiet(std::chrono::milliseconds time) {
  begin();
  while (pump(time))
    check_deadline();
  return now_;
}

void crowd::begin() {
  now_ = {};
  began_ = clock::now();
}

void crowd::check_deadline() const {
  if (clock::now() - began_ <= to_.limit)
    return;
  throw std::runtime_error(
      std::to_string(to_.limit.count()) + " s have passed: " + std::to_string(now_.results()) +
      " have a result, " + std::to_string(on_the_way_) + " wait for the server");
}

void crowd::start_one(bool is_half, bool leaves) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    fail("cannot make a socket; " + std::to_string(clients_.size() - unused_.size()) + " are open");
  if (unused_.empty()) {
    unused_.push_back(static_cast<std::uint32_t>(clients_.size()));
    clients_.emplace_back();
  }
  const auto index = unused_.back();
  unused_.pop_back();
  auto& one = clients_[index];
  one = {fd, phase::connecting, is_half, leaves, {}};
  ++on_the_way_;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto source = first_source_ + turn_++ % sources_;
  if (source > 0) {
    // The port is then chosen by the whole connection, not by its source alone (ip(7)).
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const auto from = loopback(source, 0);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
      fail("cannot use the source address 127.0.0.1 + " + std::to_string(source));
  }
  const auto where = loopback(0, to_.port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 &&
      errno != EINPROGRESS)
    fail("cannot connect to port " + std::to_string(to_.port) +
         (errno == EADDRNOTAVAIL ? " (no port is left: use more --sources)" : ""));
  epoll_event wanted = {};
  wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  wanted.data.u32 = index;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted) != 0)
    fail("cannot watch a socket");
}

bool crowd::pump(std::chrono::milliseconds wait) {
  std::array<epoll_event, events_at_once> events;
  const int n = ::epoll_wait(epoll_, events.data(), events_at_once, static_cast<int>(wait.count()));
  if (n < 0 && errno != EINTR)
    fail("cannot wait for the server");
  // One entry for each socket, so none of them can be about a client that has gone meanwhile.
  for (int i = 0; i < n; ++i)
    handle(events[static_cast<std::size_t>(i)].data.u32,
           events[static_cast<std::size_t>(i)].events);
  return n > 0;
}

} // namespace roost::bench
