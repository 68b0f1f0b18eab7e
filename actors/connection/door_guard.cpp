#include "actors/connection/door_guard.hpp"

#include "actors/connection/syn_filter.hpp"
#include "actors/runtime/log.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace roost::connection {

namespace {

// Each of many addresses may be banned every few seconds: a line now and then tells it, the
// counters tell how often.
constexpr std::chrono::seconds log_interval{10};

const log::logger& logger() {
  static const log::logger instance(log::context{"door", 0, {}, {}});
  return instance;
}

} // namespace

void door_guard::forget() {
  boost::asio::post(timer_.get_executor(), [self = shared_from_this()] {
    self->listeners_.clear();
    self->timer_.cancel();
    self->banned_now_ = 0;
  });
}

void door_guard::refused(std::string_view key) {
  if (key.empty() || listeners_.empty())
    return;
  // The timer's clock, not an injected one: bans and the timer must agree.
  const auto now = std::chrono::steady_clock::now();
  if (!guard_.refused(key, now))
    return;
  apply();
  if (listeners_.empty())
    return;
  ++bans_total_;
  log_ban(key, now);
}

/// Tells the kernel who is banned.
void door_guard::apply() {
  const auto keys = guard_.banned();
  for (const int fd : listeners_) {
    if (!attach_syn_filter(fd, keys)) {
      give_up(errno);
      return;
    }
    has_filter_ = true;
  }
  banned_now_ = keys.size();
  arm();
}

void door_guard::give_up(int error) {
  logger().warn(error == EPERM
                    ? "floods are refused one by one, CAP_NET_ADMIN would let the kernel drop them"
                    : "floods are refused one by one, the kernel takes no filter",
                log::kv("reason", std::error_code(error, std::system_category()).message()));
  // A filter that stayed would ban its clients for ever.
  const auto stuck = std::count_if(listeners_.begin(), listeners_.end(),
                                   [](int fd) { return !attach_syn_filter(fd, {}); });
  if (has_filter_ && stuck > 0)
    logger().error("banned clients stay banned, restart the server to let them in",
                   log::kv("listeners", stuck));
  listeners_.clear();
  timer_.cancel();
  banned_now_ = 0;
}

void door_guard::arm() {
  const auto next = guard_.next_expiry();
  if (!next)
    return;
  timer_.expires_at(*next);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
    const auto self = weak.lock();
    if (ec || !self || self->listeners_.empty())
      return;
    if (self->guard_.expire(std::chrono::steady_clock::now()))
      self->apply();
    else
      self->arm();
  });
}

void door_guard::log_ban(std::string_view key, steady_time now) {
  if (logged_at_ && now - *logged_at_ < log_interval)
    return;
  logged_at_ = now;
  logger().warn("a client that is refused on and on is dropped for a while", log::kv("client", key),
                log::kv("banned_now", banned_now_.load()), log::kv("bans", bans_total_.load()));
}

} // namespace roost::connection
