#include "actors/connection/login_throttle.hpp"

#include "actors/connection/client_address.hpp"

#include <algorithm>

namespace roost::connection {

std::optional<std::chrono::seconds> login_throttle::blocked(std::string_view address,
                                                            steady_time now) const {
  const auto at = entries_.find(client_key(address));
  if (at == entries_.end() || at->second.blocked_until <= now)
    return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(at->second.blocked_until - now);
}

void login_throttle::failed(std::string_view address, steady_time now) {
  auto key = client_key(address);
  if (!entries_.contains(key) && entries_.size() >= max_addresses)
    make_room(now);
  auto& seen = entries_[std::move(key)];
  if (seen.failures > 0 && now - seen.last > memory)
    seen = {};
  ++seen.failures;
  seen.last = now;
  if (seen.failures <= free_tries)
    return;
  auto block = first_block;
  for (int i = free_tries + 1; i < seen.failures && block < longest_block; ++i)
    block = std::min(block * 2, longest_block);
  seen.blocked_until = now + block;
}

void login_throttle::succeeded(std::string_view address) { entries_.erase(client_key(address)); }

void login_throttle::make_room(steady_time now) {
  std::erase_if(entries_, [&](const auto& item) { return now - item.second.last > memory; });
  if (entries_.size() < max_addresses)
    return;
  entries_.erase(
      std::min_element(entries_.begin(), entries_.end(),
                       [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
}

} // namespace roost::connection
