#include "actors/terminal/keeper/keeper_channel.hpp"

#include "protocols/wire/keeper.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

namespace roost::terminal {

namespace {

namespace asio = boost::asio;

constexpr std::size_t largest_packet = 4096;
constexpr std::size_t most_fds = keeper::most_extra_fds + 1;
constexpr const char* socket_name = "keeper.sock";

failure cannot(const char* what, int error) {
  return {setup_error::internal,
          fmt::format("the keeper's socket: {}: {}", what, std::generic_category().message(error))};
}

} // namespace

result<std::shared_ptr<keeper_channel>> keeper_channel::connect(asio::io_context& io,
                                                                const std::string& folder) {
  const unique_fd place(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place)
    return cannot("folder", errno);
  unique_fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket)
    return cannot("socket", errno);
  // Through the folder's descriptor: a path may be longer than an address has room for.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = fmt::format("/proc/self/fd/{}/{}", place.get(), socket_name);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return cannot("connect", errno);
  return std::shared_ptr<keeper_channel>(new keeper_channel(io, std::move(socket)));
}

keeper_channel::keeper_channel(asio::io_context& io, unique_fd socket)
    : socket_(io), fd_(socket.get()) {
  socket_.assign(socket.release());
}

keeper_channel::read_state keeper_channel::read(packet& into) {
  if (!socket_.is_open())
    return read_state::closed;
  std::array<char, largest_packet> bytes{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_fds)> control{};
  iovec piece{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  do {
    size = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  into.bytes.clear();
  into.fds.clear();
  if (size < 0)
    return errno == EAGAIN ? read_state::nothing : read_state::closed;
  for (auto* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
      continue;
    const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      into.fds.emplace_back(fd);
    }
  }
  if (size == 0)
    return read_state::closed; // no packet of this protocol is empty
  into.bytes.assign(bytes.data(), static_cast<std::size_t>(size));
  return read_state::packet;
}

keeper_channel::send_state keeper_channel::send_now(const packet& what) {
  iovec piece{const_cast<char*>(what.bytes.data()), what.bytes.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_fds)> control{};
  if (!what.fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int) * what.fds.size());
    auto* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * what.fds.size());
    for (std::size_t i = 0; i < what.fds.size(); ++i) {
      const int fd = what.fds[i].get();
      std::memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof fd);
    }
  }
  for (;;) {
    if (::sendmsg(fd_, &message, MSG_NOSIGNAL) >= 0)
      return send_state::sent;
    if (errno == EINTR)
      continue;
    return errno == EAGAIN ? send_state::queued : send_state::closed;
  }
}

keeper_channel::send_state keeper_channel::send(std::string bytes, std::vector<unique_fd> fds) {
  if (!socket_.is_open() || fds.size() > most_fds || waiting_.size() >= most_queued)
    return send_state::closed;
  packet next{std::move(bytes), std::move(fds)};
  if (waiting_.empty())
    if (const auto state = send_now(next); state != send_state::queued)
      return state;
  waiting_.push_back(std::move(next));
  return send_state::queued;
}

keeper_channel::send_state keeper_channel::flush() {
  if (!socket_.is_open())
    return send_state::closed;
  while (!waiting_.empty()) {
    if (const auto state = send_now(waiting_.front()); state != send_state::sent)
      return state;
    waiting_.pop_front();
  }
  return send_state::sent;
}

void keeper_channel::wait_readable(ready_handler done) {
  socket_.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [self = shared_from_this(), done = std::move(done)](boost::system::error_code) { done(); });
}

void keeper_channel::wait_writable(ready_handler done) {
  socket_.async_wait(
      asio::posix::stream_descriptor::wait_write,
      [self = shared_from_this(), done = std::move(done)](boost::system::error_code) { done(); });
}

void keeper_channel::close() {
  boost::system::error_code ignored; // nothing is left to lose on this descriptor
  socket_.close(ignored);
}

} // namespace roost::terminal
