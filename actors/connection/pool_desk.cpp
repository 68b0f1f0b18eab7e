#include "actors/connection/pool_desk.hpp"

namespace roost::connection {

void place::settle() const {
  if (!desk_)
    return;
  const std::lock_guard lock(desk_->mutex_);
  desk_->pool_.settle(id_);
}

void place::rest() const {
  if (!desk_)
    return;
  const std::lock_guard lock(desk_->mutex_);
  desk_->pool_.rest(id_);
}

bool place::wake() const {
  if (!desk_)
    return true;
  const std::lock_guard lock(desk_->mutex_);
  return desk_->pool_.wake(id_);
}

bool place::commit() const {
  if (!desk_)
    return true;
  const std::lock_guard lock(desk_->mutex_);
  return desk_->pool_.commit(id_);
}

void place::release() {
  const auto id = std::exchange(id_, 0);
  if (id == 0)
    return;
  {
    const std::lock_guard lock(desk_->mutex_);
    desk_->pool_.release(id);
  }
  desk_.reset();
}

/// Asks the books, and counts what they say.
template <class Question>
pool_desk::answer pool_desk::ask(Question&& question) {
  const auto now = clock_.now();
  std::unique_lock lock(mutex_);
  pool::verdict verdict = question(pool_, now);
  lock.unlock();
  answer out;
  if (verdict.place != 0)
    out.claim = place(shared_from_this(), verdict.place);
  out.why = verdict.why;
  out.evicted = std::move(verdict.evicted);
  out.retry_after = verdict.retry_after;
  if (out.why != refusal::none)
    totals_.note(out.why);
  if (verdict.has_evicted_handshake) // refused, if late
    totals_.note(refusal::handshakes);
  return out;
}

/// As `ask`, about a place that its owner keeps.
template <class Question>
pool_desk::answer pool_desk::ask_about(const place& claim, Question&& question) {
  return ask([&](pool& books, steady_time now) {
    auto verdict = question(books, claim.id(), now);
    verdict.place = 0;
    return verdict;
  });
}

pool_desk::answer pool_desk::accept(std::string_view key) {
  totals_.add(totals_.accepted);
  return ask([&](pool& books, steady_time now) { return books.accept(key, now); });
}

pool_desk::answer pool_desk::accept_local() {
  totals_.add(totals_.accepted);
  return ask([](pool& books, steady_time /*now*/) { return books.accept_local(); });
}

pool_desk::answer pool_desk::identify(const place& claim, std::string_view key) {
  return ask_about(claim, [&](pool& books, place_id id, steady_time now) {
    return books.identify(id, key, now);
  });
}

pool_desk::answer pool_desk::represent(const place& claim, std::string_view key) {
  return ask_about(claim, [&](pool& books, place_id id, steady_time now) {
    return books.represent(id, key, now);
  });
}

pool_desk::answer pool_desk::reserve(std::string_view key, std::string_view user, standing who) {
  return ask([&](pool& books, steady_time now) { return books.reserve(key, user, who, now); });
}

refusal pool_desk::check(std::string_view key, std::string_view user, standing who) const {
  const std::lock_guard lock(mutex_);
  return pool_.check(key, user, who);
}

std::vector<place_id> pool_desk::expire() {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  return pool_.expire(now);
}

void pool_desk::set_limits(const pool_limits& limits) {
  const std::lock_guard lock(mutex_);
  pool_.set_limits(limits);
}

void pool_desk::drain() {
  const std::lock_guard lock(mutex_);
  pool_.drain();
}

pool_limits pool_desk::limits() const {
  const std::lock_guard lock(mutex_);
  return pool_.limits();
}

pool::counts pool_desk::usage() const {
  const std::lock_guard lock(mutex_);
  return pool_.usage();
}

} // namespace roost::connection
