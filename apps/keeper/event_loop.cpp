#include "apps/keeper/event_loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace roost::keeper {

event_loop::event_loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

event_loop::watch event_loop::add(int fd, std::uint32_t events, handler run) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = ++last_;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return watch::none;
  entries_.emplace(last_, std::make_shared<entry>(entry{fd, std::move(run)}));
  return watch{last_};
}

void event_loop::change(watch which, std::uint32_t events) {
  const auto found = entries_.find(static_cast<std::uint64_t>(which));
  if (found == entries_.end())
    return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = found->first;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second->fd, &event);
}

void event_loop::remove(watch& which) {
  const auto found = entries_.find(static_cast<std::uint64_t>(which));
  which = watch::none;
  if (found == entries_.end())
    return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second->fd, nullptr);
  entries_.erase(found);
}

void event_loop::turn(std::chrono::steady_clock::time_point deadline) {
  using std::chrono::milliseconds;
  const auto left =
      std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  // An hour at most: a deadline that never comes does not overflow.
  const auto timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
  std::array<epoll_event, 64> ready{};
  const int count =
      ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), timeout);
  for (int i = 0; i < count; ++i) {
    const auto found = entries_.find(ready[static_cast<std::size_t>(i)].data.u64);
    if (found == entries_.end())
      continue; // removed by a function of this turn
    const auto kept = found->second;
    kept->run(ready[static_cast<std::size_t>(i)].events);
  }
}

} // namespace roost::keeper
