#include "apps/roost/retry.hpp"

#include <poll.h>

namespace roost::cli {

namespace {

constexpr std::chrono::seconds outage_max{60};

} // namespace

void pause_for(std::chrono::milliseconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count()));
}

bool outage::bridge(const command_failure& why) {
  if (why.exit != exit_status::unreachable)
    return false;
  const auto now = std::chrono::steady_clock::now();
  if (!since_)
    since_ = now;
  if (now - *since_ > outage_max)
    return false;
  pause_for(policy_.next_delay(0, std::nullopt, now).value_or(std::chrono::seconds(1)));
  return true;
}

void outage::is_over() noexcept {
  since_.reset();
  policy_.succeeded();
}

} // namespace roost::cli
