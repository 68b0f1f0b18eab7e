#include "actors/connection/flood_guard.hpp"

namespace roost::connection {

bool flood_guard::refused(std::string_view key, steady_time now) {
  const auto at = index_.find(key);
  if (at == index_.end()) {
    watched_.push_front({std::string(key), token_bucket(limits_.rate, limits_.burst), {}});
    index_.emplace(watched_.front().key, watched_.begin());
    forget_oldest();
  } else if (at->second->banned_until) {
    return false;
  } else {
    watched_.splice(watched_.begin(), watched_, at->second);
  }
  auto& latest = watched_.front();
  if (latest.bucket.ready_at(now) <= now) {
    latest.bucket.take(1);
    return false;
  }
  if (banned_.size() >= limits_.max_banned)
    return false;
  latest.banned_until = now + limits_.ban;
  banned_.splice(banned_.end(), watched_, watched_.begin());
  return true;
}

bool flood_guard::expire(steady_time now) {
  bool has_ended = false;
  while (!banned_.empty() && *banned_.front().banned_until <= now) {
    banned_.front().banned_until.reset();
    watched_.splice(watched_.begin(), banned_, banned_.begin());
    has_ended = true;
  }
  forget_oldest();
  return has_ended;
}

std::optional<steady_time> flood_guard::next_expiry() const {
  return banned_.empty() ? std::nullopt : banned_.front().banned_until;
}

std::vector<std::string> flood_guard::banned() const {
  std::vector<std::string> keys;
  keys.reserve(banned_.size());
  for (const auto& one : banned_)
    keys.push_back(one.key);
  return keys;
}

void flood_guard::forget_oldest() {
  while (watched_.size() > limits_.max_keys) {
    index_.erase(watched_.back().key);
    watched_.pop_back();
  }
}

} // namespace roost::connection
