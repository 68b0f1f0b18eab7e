#include "actors/connection/pool.hpp"

#include <algorithm>
#include <cmath>

namespace roost::connection {

namespace {

pool::verdict refused(refusal why) {
  pool::verdict answer;
  answer.why = why;
  return answer;
}

} // namespace

// ---- coming in ----

/// Whether one more connection of this key may come: refused, or with the idle one that gives way.
pool::verdict pool::check_key(key_map::pointer key, steady_time now) {
  verdict answer;
  refill(key->second, now);
  if (limits_.handshake_rate > 0 && key->second.tokens < 1) {
    answer.why = refusal::handshake_rate;
    answer.retry_after = std::chrono::milliseconds(static_cast<std::int64_t>(
        std::ceil((1 - key->second.tokens) * 1000 / limits_.handshake_rate)));
  } else if (key->second.http >= limits_.max_per_key) {
    if (const auto idle = oldest_idle(key); idle != 0)
      answer.evicted.push_back(idle);
    else
      answer.why = refusal::address_http;
  }
  return answer;
}

void pool::count_handshake(key_entry& key) {
  ++key.http;
  ++key.handshakes;
  key.tokens -= 1;
}

pool::verdict pool::accept(std::string_view key, steady_time now) {
  if (is_draining_)
    return refused(refusal::draining);
  // Looked at first, taken after: who is refused pushes nobody out.
  verdict answer;
  auto* owner = key.empty() ? nullptr : key_of(key, now);
  if (owner != nullptr)
    answer = check_key(owner, now);
  if (answer.why != refusal::none)
    return answer;
  if (answer.evicted.empty() && counts_.http >= limits_.max) {
    const auto idle = oldest_idle(nullptr);
    if (idle == 0)
      return refused(refusal::http);
    answer.evicted.push_back(idle);
  }
  if (counts_.handshakes >= limits_.max_handshakes) {
    const auto oldest = handshake_to_give_way(owner != nullptr ? owner->second.handshakes : 0, now);
    if (oldest == 0)
      return refused(refusal::handshakes);
    answer.evicted.push_back(oldest);
    answer.has_evicted_handshake = true;
  }
  for (const auto place : answer.evicted)
    release(place);
  if (owner != nullptr)
    count_handshake(owner->second);
  ++counts_.http;
  ++counts_.handshakes;
  answer.place = add({kind::handshake, owner, nullptr, now, false});
  handshakes_.insert(answer.place);
  return answer;
}

pool::verdict pool::accept_local() {
  if (is_draining_)
    return refused(refusal::draining);
  if (counts_.local >= limits_.max)
    return refused(refusal::local);
  ++counts_.local;
  verdict answer;
  answer.place = add({kind::local, nullptr, nullptr, {}, false});
  return answer;
}

pool::verdict pool::identify(place_id place, std::string_view key, steady_time now) {
  verdict answer;
  const auto at = places_.find(place);
  if (at == places_.end() || at->second.what != kind::handshake || at->second.key != nullptr ||
      key.empty()) {
    answer.place = place;
    return answer;
  }
  auto* owner = key_of(key, now);
  answer = check_key(owner, now);
  if (answer.why != refusal::none)
    return answer;
  for (const auto idle : answer.evicted)
    release(idle);
  count_handshake(owner->second);
  at->second.key = owner;
  answer.place = place;
  return answer;
}

void pool::settle(place_id place) {
  const auto at = places_.find(place);
  if (at == places_.end() || at->second.what != kind::handshake)
    return;
  at->second.what = kind::http;
  handshakes_.erase(place);
  --counts_.handshakes;
  if (auto* owner = at->second.key; owner != nullptr) {
    --owner->second.handshakes;
    if (!at->second.is_for_another)
      owner->second.tokens = std::min<double>(owner->second.tokens + 1, limits_.handshake_burst);
  }
}

pool::verdict pool::represent(place_id place, std::string_view key, steady_time now) {
  verdict answer;
  const auto at = places_.find(place);
  if (at == places_.end() || key.empty() ||
      (at->second.key != nullptr && !at->second.is_for_another) ||
      (at->second.what != kind::handshake && at->second.what != kind::http)) {
    answer.place = place;
    return answer;
  }
  stop_representing(at->second);
  auto* owner = key_of(key, now);
  if (owner->second.http >= limits_.max_per_key) {
    answer.why = refusal::address_http;
    return answer;
  }
  ++owner->second.http;
  owner->second.handshakes += at->second.what == kind::handshake ? 1 : 0;
  at->second.key = owner;
  at->second.is_for_another = true;
  answer.place = place;
  return answer;
}

void pool::stop_representing(entry& what) {
  if (!what.is_for_another)
    return;
  --what.key->second.http;
  what.key->second.handshakes -= what.what == kind::handshake ? 1 : 0;
  what.key = nullptr;
  what.is_for_another = false;
}

void pool::rest(place_id place) {
  const auto at = places_.find(place);
  if (at == places_.end() || at->second.what != kind::http)
    return;
  stop_representing(at->second);
  at->second.what = kind::idle;
  idle_.insert(place);
  ++counts_.idle;
}

bool pool::wake(place_id place) {
  const auto at = places_.find(place);
  if (at == places_.end())
    return false;
  if (at->second.what == kind::idle) {
    at->second.what = kind::http;
    idle_.erase(place);
    --counts_.idle;
  }
  return true;
}

// ---- WebSockets ----

refusal pool::check(std::string_view key, std::string_view user, standing who) const {
  if (is_draining_)
    return refusal::draining;
  // What the client can do something about comes first.
  if (of_key(key) >= limits_.max_per_key)
    return refusal::address;
  if (of_user(user) >= limits_.max_per_user)
    return refusal::user;
  const auto reserve = std::min(limits_.admin_reserve, limits_.max / 2);
  const auto cap = limits_.max - (who == standing::admin ? 0 : reserve);
  return counts_.websockets >= cap ? refusal::capacity : refusal::none;
}

pool::verdict pool::reserve(std::string_view key, std::string_view user, standing who,
                            steady_time now) {
  if (const auto why = check(key, user, who); why != refusal::none)
    return refused(why);
  entry claim{kind::reserved, key_of(key, now), &*users_.try_emplace(std::string(user)).first, now,
              false};
  ++claim.key->second.websockets;
  ++claim.user->second;
  ++counts_.websockets;
  ++counts_.reserved;
  verdict answer;
  answer.place = add(claim);
  reservations_.emplace_back(now + limits_.reservation, answer.place);
  return answer;
}

bool pool::commit(place_id place) {
  const auto at = places_.find(place);
  if (at == places_.end())
    return false;
  if (at->second.what == kind::reserved) {
    at->second.what = kind::active;
    --counts_.reserved;
  }
  return true;
}

std::vector<place_id> pool::expire(steady_time now) {
  std::vector<place_id> lapsed;
  while (!reservations_.empty() && reservations_.front().first <= now) {
    const auto place = reservations_.front().second;
    reservations_.pop_front();
    const auto at = places_.find(place);
    if (at == places_.end() || at->second.what != kind::reserved)
      continue;
    release(place);
    lapsed.push_back(place);
  }
  forget_keys(now);
  return lapsed;
}

// ---- going ----

bool pool::release(place_id place) {
  const auto at = places_.find(place);
  if (at == places_.end())
    return false;
  leave(at->second);
  handshakes_.erase(place);
  idle_.erase(place);
  places_.erase(at);
  return true;
}

void pool::leave(entry& what) {
  const auto owner = [&](std::uint32_t key_entry::*count) {
    if (what.key != nullptr)
      --(what.key->second.*count);
  };
  switch (what.what) {
  case kind::handshake: // its token stays spent
    --counts_.handshakes;
    --counts_.http;
    owner(&key_entry::handshakes);
    owner(&key_entry::http);
    return;
  case kind::idle:
    --counts_.idle;
    [[fallthrough]];
  case kind::http:
    --counts_.http;
    owner(&key_entry::http);
    return;
  case kind::reserved:
    --counts_.reserved;
    [[fallthrough]];
  case kind::active:
    --counts_.websockets;
    owner(&key_entry::websockets);
    if (--what.user->second == 0)
      users_.erase(users_.find(what.user->first));
    return;
  case kind::local:
    --counts_.local;
    return;
  }
}

place_id pool::add(const entry& what) {
  places_.emplace(next_, what);
  return next_++;
}

place_id pool::oldest_idle(key_map::const_pointer key) const {
  const auto at = std::find_if(idle_.begin(), idle_.end(), [&](place_id place) {
    return key == nullptr || places_.at(place).key == key;
  });
  return at == idle_.end() ? 0 : *at;
}

/// The oldest handshake of the key with the most, unless the newcomer's key, which has `newcomers`,
/// would then have as many; else the oldest of all if it has had its time.
place_id pool::handshake_to_give_way(std::uint32_t newcomers, steady_time now) const {
  key_map::const_pointer worst = nullptr;
  for (const auto place : handshakes_) {
    const auto* key = places_.at(place).key;
    if (key != nullptr && (worst == nullptr || key->second.handshakes > worst->second.handshakes))
      worst = key;
  }
  if (worst == nullptr || worst->second.handshakes <= newcomers + 1) {
    const auto oldest = *handshakes_.begin();
    return now - places_.at(oldest).since >= limits_.patience ? oldest : 0;
  }
  return *std::find_if(handshakes_.begin(), handshakes_.end(),
                       [&](place_id place) { return places_.at(place).key == worst; });
}

// ---- keys ----

pool::key_map::pointer pool::key_of(std::string_view key, steady_time now) {
  if (const auto at = keys_.find(key); at != keys_.end())
    return &*at;
  if (keys_.size() >= max_keys) {
    forget_keys(now);
    // Still full of debts: forgiving them is better than growing.
    if (keys_.size() >= max_keys)
      std::erase_if(keys_, [](const auto& item) { return !item.second.is_used(); });
  }
  key_entry fresh;
  fresh.tokens = limits_.handshake_burst;
  fresh.refilled = now;
  return &*keys_.emplace(std::string(key), fresh).first;
}

void pool::refill(key_entry& key, steady_time now) const {
  const double burst = limits_.handshake_burst;
  if (limits_.handshake_rate == 0)
    key.tokens = burst;
  else if (now > key.refilled)
    key.tokens +=
        limits_.handshake_rate * std::chrono::duration<double>(now - key.refilled).count();
  key.tokens = std::min(key.tokens, burst);
  key.refilled = std::max(key.refilled, now);
}

void pool::forget_keys(steady_time now) {
  for (auto& [name, key] : keys_)
    refill(key, now);
  std::erase_if(keys_, [&](const auto& item) {
    return !item.second.is_used() && item.second.tokens >= limits_.handshake_burst;
  });
}

std::uint32_t pool::of_key(std::string_view key) const {
  const auto at = keys_.find(key);
  return at == keys_.end() ? 0 : at->second.websockets;
}

std::uint32_t pool::http_of_key(std::string_view key) const {
  const auto at = keys_.find(key);
  return at == keys_.end() ? 0 : at->second.http;
}

std::uint32_t pool::of_user(std::string_view user) const {
  const auto at = users_.find(user);
  return at == users_.end() ? 0 : at->second;
}

} // namespace roost::connection
