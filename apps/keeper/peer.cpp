#include "apps/keeper/peer.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "protocols/wire/keeper.hpp"

namespace roost::keeper {
namespace {

/// Of a newer version's packet, what follows is cut off.
constexpr std::size_t largest_packet = 4096;
constexpr std::size_t most_received = most_extra_fds + 1;
constexpr std::size_t most_sent = 2;
/// The kernel limits the descriptors that are on their way, and does not say when they have
/// arrived.
constexpr std::chrono::milliseconds retry_pause{20};

} // namespace

peer::peer(event_loop& loop, descriptor socket, std::function<void(peer&)> on_input)
    : loop_(loop), socket_(std::move(socket)) {
  watch_ = loop_.add(socket_.get(), EPOLLIN,
                     [this, on_input = std::move(on_input)](std::uint32_t events) {
                       if ((events & EPOLLOUT) != 0)
                         flush();
                       if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
                         on_input(*this);
                     });
  is_lost_ = watch_ == event_loop::watch::none;
}

peer::~peer() { loop_.remove(watch_); }

std::optional<arrival> peer::receive() {
  arrival out;
  out.bytes.resize(largest_packet);
  iovec piece{out.bytes.data(), out.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_received * sizeof(int))> control;
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do
    got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN)
    return std::nullopt;
  for (auto* each = got < 0 ? nullptr : CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS)
      continue;
    const auto count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof fd, sizeof fd);
      out.descriptors.emplace_back(fd);
    }
  }
  if (got <= 0) { // an empty packet looks like the end, and nobody has reason to send one
    is_lost_ = true;
    return std::nullopt;
  }
  out.bytes.resize(static_cast<std::size_t>(got));
  out.has_lost_descriptors = (message.msg_flags & MSG_CTRUNC) != 0;
  return out;
}

void peer::push(std::string_view bytes, std::vector<shared_descriptor> descriptors) {
  parcel what{std::string(bytes), std::move(descriptors)};
  if (is_lost_ || (queue_.empty() && send_now(what)))
    return;
  queue_.push_back(std::move(what));
  loop_.change(watch_, EPOLLIN | EPOLLOUT);
}

void peer::flush() {
  retry_at_.reset();
  while (!queue_.empty() && !is_lost_ && send_now(queue_.front()))
    queue_.pop_front();
  if (queue_.empty() || retry_at_)
    loop_.change(watch_, EPOLLIN);
  else
    loop_.change(watch_, EPOLLIN | EPOLLOUT);
}

/// Whether it is off our hands: sent, or never to be.
bool peer::send_now(const parcel& what) {
  iovec piece{const_cast<char*>(what.bytes.data()), what.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_sent * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!what.descriptors.empty()) {
    const auto bytes = std::min(what.descriptors.size(), most_sent) * sizeof(int);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    for (std::size_t i = 0; i < bytes / sizeof(int); ++i) {
      const int fd = what.descriptors[i]->get();
      std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  for (;;) {
    if (::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
      return true;
    if (errno == EINTR)
      continue;
    if (errno == ETOOMANYREFS)
      retry_at_ = clock::now() + retry_pause;
    if (errno == EAGAIN || errno == ETOOMANYREFS || errno == ENOBUFS)
      return false;
    is_lost_ = true;
    return true;
  }
}

} // namespace roost::keeper
