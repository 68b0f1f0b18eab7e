#include "actors/database/init_machine.hpp"

#include <utility>

namespace roost::database {

init_machine::init_machine(settings with, wall_time now) : settings_(with), pace_(with.retry) {
  report_.backend = settings_.backend;
  report_.since = now;
  transitions_.push_back({database_state::idle, now, {}});
}

void init_machine::enter(database_state to, std::string reason, wall_time at) {
  report_.reason = reason;
  if (report_.state == to && (transitions_.empty() || transitions_.back().reason == reason))
    return;
  if (report_.state != to)
    report_.since = at;
  report_.state = to;
  ++report_.entered[static_cast<std::size_t>(to)];
  transitions_.push_back({to, at, std::move(reason)});
  while (transitions_.size() > settings_.history)
    transitions_.pop_front();
}

void init_machine::begin(steady_time now, wall_time at) {
  if (!away_since_)
    away_since_ = now;
  report_.next_attempt_at.reset();
  // Who reads the state wants to know whether the database is there; that it is being tried again
  // stands in `attempt`.
  if (report_.state != database_state::blocked && !is_announced_away_)
    enter(database_state::connecting, report_.reason, at);
}

void init_machine::advance(database_state to, std::uint32_t step, std::uint32_t steps,
                           wall_time at) {
  report_.step = step;
  report_.steps = steps;
  enter(to, {}, at);
}

void init_machine::succeed(std::uint32_t schema_version, std::uint64_t backlog, steady_time now,
                           wall_time at) {
  report_.schema_version = schema_version;
  report_.step = report_.steps = 0;
  report_.outbox = backlog;
  pace_.on_success(now);
  away_since_.reset();
  is_announced_away_ = false;
  enter(backlog > 0 ? database_state::catching_up : database_state::ready, {}, at);
}

std::chrono::milliseconds init_machine::fail(const init_failure& why, steady_time now, wall_time at,
                                             random_source& random) {
  pace_.on_loss(now);
  if (!away_since_)
    away_since_ = now;
  const auto wait = pace_.after_failure(why.kind, random);
  report_.next_attempt_at = at + wait;
  report_.step = report_.steps = 0;
  if (why.kind == trouble::permanent)
    enter(database_state::blocked, why.reason, at);
  else
    enter(is_announced_away_ ? database_state::memory_only : database_state::connecting, why.reason,
          at);
  tick(now, at);
  return wait;
}

void init_machine::set_backlog(std::uint64_t backlog, const std::string& trouble, wall_time at) {
  report_.outbox = backlog;
  if (report_.state == database_state::catching_up && backlog == 0)
    enter(database_state::ready, {}, at);
  if (is_usable() && !trouble.empty() && report_.reason != trouble)
    enter(database_state::catching_up, trouble, at);
}

std::optional<steady_time> init_machine::grace_ends() const {
  if (!away_since_ || is_announced_away_)
    return std::nullopt;
  return *away_since_ + settings_.grace;
}

void init_machine::tick(steady_time now, wall_time at) {
  const auto due = grace_ends();
  if (!due || now < *due)
    return;
  // A long migration, or a long wait for somebody else's, says so instead.
  if (report_.state != database_state::connecting)
    return;
  is_announced_away_ = true;
  enter(database_state::memory_only,
        report_.reason.empty() ? "the database does not answer" : report_.reason, at);
}

bool init_machine::is_usable() const {
  return report_.state == database_state::ready || report_.state == database_state::catching_up;
}

database_report init_machine::report() const {
  auto out = report_;
  out.attempt = pace_.attempts();
  if (is_usable())
    out.attempt = 0;
  out.transitions.assign(transitions_.begin(), transitions_.end());
  return out;
}

} // namespace roost::database
