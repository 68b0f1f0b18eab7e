#include "actors/connection/departures.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace roost::connection {

departures::~departures() {
  while (!leaving_.empty())
    close_oldest();
}

void departures::see_off(int fd, std::string_view text) {
  // Best effort, into the empty buffer of a new socket.
  if (text.empty() || ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
    ::close(fd);
    return;
  }
  ::shutdown(fd, SHUT_WR);
  if (leaving_.size() >= most)
    close_oldest();
  leaving_.emplace_back(std::chrono::steady_clock::now() + patience, fd);
  if (leaving_.size() == 1)
    watch();
}

void departures::close_oldest() {
  ::close(leaving_.front().second);
  leaving_.pop_front();
}

void departures::watch() {
  timer_.expires_at(leaving_.front().first);
  timer_.async_wait([self = weak_from_this()](const boost::system::error_code& ec) {
    const auto me = self.lock();
    if (ec || !me)
      return;
    const auto now = std::chrono::steady_clock::now();
    while (!me->leaving_.empty() && me->leaving_.front().first <= now)
      me->close_oldest();
    if (!me->leaving_.empty())
      me->watch();
  });
}

} // namespace roost::connection
