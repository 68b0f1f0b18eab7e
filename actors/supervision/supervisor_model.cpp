#include "actors/supervision/supervisor_model.hpp"

#include <algorithm>
#include <utility>

namespace roost::supervision {

supervisor_model::supervisor_model(supervisor_rules rules,
                                   std::function<std::uint64_t()> next_generation,
                                   random_source& random)
    : rules_(rules), next_generation_(std::move(next_generation)), random_(random),
      window_(rules.intensity) {}

void supervisor_model::declare(child_rules rules) { insert(std::move(rules), origin::declared); }

void supervisor_model::begin(steady_time now) {
  phase_ = phase::starting;
  advance(now);
}

void supervisor_model::started(std::string_view id, std::uint64_t generation, steady_time now) {
  const auto at = find_child(id, generation);
  if (at == children_.end() || !at->second.is_asked)
    return;
  auto& x = at->second;
  x.is_asked = false;
  // Told to stop meanwhile, it may be wanted again afterwards.
  x.must_start = x.must_start && x.must_stop;
  x.restarts += x.was_up ? 1 : 0;
  x.was_up = true;
  x.state = child_state::running;
  x.up_since = now;
  advance(now);
}

void supervisor_model::start_failed(std::string_view id, std::uint64_t generation,
                                    steady_time now) {
  const auto at = find_child(id, generation);
  if (at == children_.end() || !at->second.is_asked)
    return;
  auto& x = at->second;
  x.is_asked = false;
  if (x.must_stop) {
    left(at);
  } else if (x.was_up) {
    crashed(at->first, {}, now);
  } else if (x.from == origin::added) {
    forget(at);
  } else {
    x.state = child_state::ended;
    begin_stopping(finish_reason::start_failed);
  }
  advance(now);
}

void supervisor_model::ended(std::string_view id, std::uint64_t generation, exit_kind how,
                             steady_time now) {
  const auto at = find_child(id, generation);
  if (at == children_.end() || !(is_up(at->second) || at->second.state == child_state::stuck))
    return;
  auto& x = at->second;
  const auto lived = now - x.up_since;
  x.is_killed = false;
  const bool wants_restart =
      x.rules.restart == restart_kind::permanent ||
      (x.rules.restart == restart_kind::transient && how == exit_kind::abnormal);
  if (how == exit_kind::beyond_repair) {
    has_leaked_ = true;
    x.must_start = false;
    left(at);
    begin_stopping(finish_reason::child_stuck);
  } else if (x.must_stop) {
    left(at);
  } else if (wants_restart) {
    crashed(at->first, lived, now);
  } else {
    const auto weight = x.rules.weight;
    left(at);
    if (weight == significance::significant)
      begin_stopping(finish_reason::significant_ended);
  }
  advance(now);
}

result<void> supervisor_model::add(child_rules rules, steady_time now) {
  if (phase_ != phase::starting && phase_ != phase::running)
    return failure{supervision_error::stopping, rules.id};
  if (by_id_.contains(rules.id))
    return failure{supervision_error::child_exists, rules.id};
  if (children_.size() >= rules_.max_children)
    return failure{supervision_error::too_many_children, {}};
  insert(std::move(rules), origin::added);
  advance(now);
  return {};
}

result<void> supervisor_model::remove(std::string_view id, steady_time now) {
  const auto known = by_id_.find(std::string(id));
  if (known == by_id_.end())
    return failure{supervision_error::no_such_child, std::string(id)};
  const auto at = children_.find(known->second);
  auto& x = at->second;
  if (x.state == child_state::stuck)
    return failure{supervision_error::child_stuck, std::string(id)};
  x.must_start = false;
  if (is_up(x) || x.is_asked) {
    x.must_stop = true;
    x.must_forget = true;
  } else {
    forget(at);
  }
  advance(now);
  return {};
}

void supervisor_model::stop(steady_time now) {
  begin_stopping(finish_reason::asked);
  advance(now);
}

void supervisor_model::wake(steady_time now) {
  bool is_blocked = false;
  for (auto& [at, x] : children_) {
    if (x.state != child_state::stopping || now < x.gone_by)
      continue;
    if (!x.is_killed) {
      x.is_killed = true;
      x.gone_by = now + rules_.kill_grace;
      commands_.emplace_back(kill_command{x.rules.id, x.generation});
    } else {
      // Another incarnation beside this one would break SUP-2, so a restart is out of the question.
      is_blocked = is_blocked || x.must_start;
      x.state = child_state::stuck;
      commands_.emplace_back(stuck_command{x.rules.id, x.generation});
    }
  }
  if (is_blocked)
    begin_stopping(finish_reason::child_stuck);
  advance(now);
}

std::optional<steady_time> supervisor_model::deadline() const {
  std::optional<steady_time> first;
  const auto consider = [&](steady_time at) {
    if (!first || at < *first)
      first = at;
  };
  for (const auto& [at, x] : children_)
    if (x.state == child_state::stopping)
      consider(x.gone_by);
  if (keeps_order() && has_pending_stops())
    return first;
  for (const auto& [at, x] : children_) {
    if (!x.must_start)
      continue;
    if (x.state == child_state::waiting)
      consider(x.due);
    if (keeps_order())
      break;
  }
  return first;
}

std::optional<command> supervisor_model::next() {
  if (commands_.empty())
    return std::nullopt;
  auto out = std::move(commands_.front());
  commands_.pop_front();
  return out;
}

std::optional<child_view> supervisor_model::find(std::string_view id) const {
  const auto known = by_id_.find(std::string(id));
  if (known == by_id_.end())
    return std::nullopt;
  const auto& x = children_.at(known->second);
  return child_view{x.rules.id, x.state, x.generation, x.restarts};
}

std::vector<child_view> supervisor_model::children() const {
  std::vector<child_view> out;
  out.reserve(children_.size());
  for (const auto& [at, x] : children_)
    out.push_back({x.rules.id, x.state, x.generation, x.restarts});
  return out;
}

std::map<supervisor_model::position, supervisor_model::child>::iterator
supervisor_model::find_child(std::string_view id, std::uint64_t generation) {
  const auto known = by_id_.find(std::string(id));
  if (known == by_id_.end())
    return children_.end();
  const auto at = children_.find(known->second);
  return at->second.generation == generation ? at : children_.end();
}

supervisor_model::position supervisor_model::insert(child_rules rules, origin from) {
  const auto at = next_position_++;
  by_id_.emplace(rules.id, at);
  const backoff delays(rules.backoff);
  children_.emplace(at, child{.rules = std::move(rules), .from = from, .delays = delays})
      .first->second.must_start = true;
  return at;
}

void supervisor_model::forget(std::map<position, child>::iterator at) {
  commands_.emplace_back(forgotten_command{at->second.rules.id});
  by_id_.erase(at->second.rules.id);
  children_.erase(at);
}

/// An incarnation is gone and was not meant to go on.
void supervisor_model::left(std::map<position, child>::iterator at) {
  auto& x = at->second;
  x.must_stop = false;
  if (x.must_forget || (x.rules.restart == restart_kind::temporary && !x.must_start))
    forget(at);
  else
    x.state = x.must_start ? child_state::waiting : child_state::ended;
}

void supervisor_model::crashed(position at, std::chrono::steady_clock::duration lived,
                               steady_time now) {
  auto& x = children_.at(at);
  if (!window_.admit(now)) {
    x.state = child_state::ended;
    begin_stopping(finish_reason::intensity_exceeded);
    return;
  }
  const auto due = now + x.delays.next(lived, random_);
  x.state = child_state::waiting;
  x.must_start = true;
  x.due = due;
  if (rules_.strategy == restart_strategy::one_for_one)
    return;
  bool is_blocked = false;
  for (auto& [other, y] : children_) {
    if (other < at && rules_.strategy == restart_strategy::rest_for_one)
      continue;
    if (other != at)
      involve(y, due);
    is_blocked = is_blocked || (y.state == child_state::stuck && !y.must_forget);
  }
  if (is_blocked)
    begin_stopping(finish_reason::child_stuck);
}

/// Another child's crash restarts this one too.
void supervisor_model::involve(child& x, steady_time due) {
  if (x.must_forget || x.state == child_state::ended || x.state == child_state::stuck)
    return;
  if (is_up(x) || x.is_asked)
    x.must_stop = true;
  x.must_start = x.must_start || x.rules.restart != restart_kind::temporary;
  x.due = std::max(x.due, due);
}

void supervisor_model::begin_stopping(finish_reason why) {
  if (phase_ == phase::stopping || phase_ == phase::finished)
    return;
  phase_ = phase::stopping;
  reason_ = why;
  for (auto& [at, x] : children_) {
    x.must_start = false;
    if (is_up(x) || x.is_asked)
      x.must_stop = true;
    else if (x.state != child_state::stuck)
      x.state = child_state::ended;
  }
}

void supervisor_model::advance(steady_time now) {
  advance_stops(now);
  advance_starts(now);
  advance_finish();
}

/// The last first, each declared child only when all later ones are gone.
void supervisor_model::advance_stops(steady_time now) {
  bool is_waiting = false;
  for (auto at = children_.rbegin(); at != children_.rend(); ++at) {
    auto& x = at->second;
    if (!x.must_stop || !is_up(x))
      continue;
    if (x.from == origin::declared && is_waiting)
      return;
    if (x.state == child_state::running)
      ask_to_stop(x, now);
    if (x.from == origin::declared)
      return;
    is_waiting = true;
  }
}

void supervisor_model::advance_starts(steady_time now) {
  if (phase_ != phase::starting && phase_ != phase::running)
    return;
  if (keeps_order() && has_pending_stops())
    return;
  for (auto& [at, x] : children_) {
    if (!x.must_start)
      continue;
    if (x.is_asked)
      return;
    const bool is_ready = !is_up(x) && x.state != child_state::stuck &&
                          (x.state != child_state::waiting || x.due <= now);
    if (is_ready) {
      start(x);
      return;
    }
    if (keeps_order())
      return;
  }
  phase_ = phase::running;
}

void supervisor_model::advance_finish() {
  if (phase_ != phase::stopping)
    return;
  bool is_stuck = has_leaked_;
  for (const auto& [at, x] : children_) {
    if (is_up(x) || x.is_asked)
      return;
    is_stuck = is_stuck || x.state == child_state::stuck;
  }
  phase_ = phase::finished;
  // What was stuck is gone after all: a fresh start is safe, only this supervisor has failed.
  if (!is_stuck && reason_ == finish_reason::child_stuck)
    reason_ = finish_reason::intensity_exceeded;
  commands_.emplace_back(finish_command{is_stuck ? finish_reason::child_stuck : reason_});
}

void supervisor_model::ask_to_stop(child& x, steady_time now) {
  x.state = child_state::stopping;
  x.gone_by = now + x.rules.shutdown;
  commands_.emplace_back(stop_command{x.rules.id, x.generation});
}

void supervisor_model::start(child& x) {
  x.generation = next_generation_();
  x.is_asked = true;
  commands_.emplace_back(start_command{x.rules.id, x.generation});
}

/// Whether a child may only be started when all earlier ones are up.
bool supervisor_model::keeps_order() const {
  return phase_ == phase::starting || rules_.strategy != restart_strategy::one_for_one;
}

bool supervisor_model::has_pending_stops() const {
  return std::any_of(children_.begin(), children_.end(), [](const auto& entry) {
    return entry.second.must_stop && is_up(entry.second);
  });
}

} // namespace roost::supervision
