#include "actors/database/pool/pool_model.hpp"

#include <algorithm>

namespace roost::database {

void pool_model::end(steps& out, question_id id, question_end how) {
  out.ends.push_back({id, how});
  switch (how) {
  case question_end::answered:
    ++counts_.answered;
    break;
  case question_end::timed_out:
    ++counts_.timeouts;
    break;
  case question_end::refused:
    ++counts_.refused;
    break;
  case question_end::away:
    ++counts_.away;
    break;
  case question_end::cancelled:
    ++counts_.cancelled;
    break;
  }
}

std::optional<pool_model::worker_id> pool_model::free_worker() const {
  // The one that worked last, so that the others may end; a new one only if there is none.
  std::optional<worker_id> idle;
  std::optional<worker_id> absent;
  for (worker_id i = 0; i < workers_.size(); ++i) {
    if (workers_[i].is == state::idle &&
        (!idle || workers_[i].idle_since > workers_[*idle].idle_since))
      idle = i;
    if (workers_[i].is == state::absent && !absent)
      absent = i;
  }
  return idle ? idle : absent;
}

void pool_model::start(steps& out, const waiter& what, worker_id on, steady_time now) {
  auto& w = workers_[on];
  out.starts.push_back({what.id, on, w.is == state::absent});
  w.is = state::busy;
  w.question = what.id;
  w.deadline = what.deadline;
  const auto waited = now - what.since;
  ++counts_.started;
  counts_.waited += waited;
  counts_.longest_wait = std::max<std::chrono::nanoseconds>(counts_.longest_wait, waited);
}

void pool_model::start_waiting(steps& out, steady_time now) {
  while (!waiting_.empty()) {
    const auto next = waiting_.front();
    if (next.deadline <= now) {
      waiting_.pop_front();
      end(out, next.id, question_end::timed_out);
      continue;
    }
    const auto on = free_worker();
    if (!on)
      return;
    waiting_.pop_front();
    start(out, next, *on, now);
  }
}

pool_model::steps pool_model::ask(question_id id, steady_time deadline, steady_time now) {
  steps out;
  ++counts_.asked;
  if (deadline <= now) {
    end(out, id, question_end::timed_out);
    return out;
  }
  if (away_until_ && now < *away_until_) {
    end(out, id, question_end::away);
    return out;
  }
  // Whoever waits is first: there is a free worker only if nobody does.
  if (const auto on = free_worker(); on && waiting_.empty())
    start(out, {id, deadline, now}, *on, now);
  else if (waiting_.size() < settings_.most_waiting)
    waiting_.push_back({id, deadline, now});
  else
    end(out, id, question_end::refused);
  return out;
}

pool_model::steps pool_model::turn_away(question_id id) {
  steps out;
  ++counts_.asked;
  end(out, id, question_end::away);
  return out;
}

pool_model::steps pool_model::finish(worker_id id, steady_time now) {
  steps out;
  auto& w = workers_.at(id);
  if (w.question)
    end(out, *w.question, question_end::answered);
  w.question.reset();
  w.is = state::idle;
  w.idle_since = now;
  away_until_.reset();
  pace_.on_success(now);
  start_waiting(out, now);
  return out;
}

void pool_model::fail(steps& out, worker& w, trouble kind, steady_time now, random_source& random) {
  if (w.question)
    end(out, *w.question, question_end::away);
  w.question.reset();
  pace_.on_loss(now);
  away_until_ = now + pace_.after_failure(kind, random);
  auto rest = give_up_waiting();
  out.ends.insert(out.ends.end(), rest.ends.begin(), rest.ends.end());
}

pool_model::steps pool_model::lose(worker_id id, trouble kind, steady_time now,
                                   random_source& random) {
  steps out;
  auto& w = workers_.at(id);
  fail(out, w, kind, now, random);
  w.is = state::idle;
  w.idle_since = now;
  return out;
}

pool_model::steps pool_model::bury(worker_id id, steady_time now, random_source& random) {
  steps out;
  auto& w = workers_.at(id);
  fail(out, w, trouble::transient, now, random);
  w.is = state::absent;
  return out;
}

pool_model::steps pool_model::cancel(question_id id, steady_time now) {
  steps out;
  const auto at = std::find_if(waiting_.begin(), waiting_.end(),
                               [&](const waiter& each) { return each.id == id; });
  if (at != waiting_.end()) {
    waiting_.erase(at);
    end(out, id, question_end::cancelled);
    return out;
  }
  for (worker_id i = 0; i < workers_.size(); ++i) {
    auto& w = workers_[i];
    if (w.question != id)
      continue;
    w.question.reset();
    end(out, id, w.deadline <= now ? question_end::timed_out : question_end::cancelled);
    out.cuts.push_back(i);
  }
  return out;
}

pool_model::steps pool_model::give_up_waiting() {
  steps out;
  for (const auto& each : waiting_)
    end(out, each.id, question_end::away);
  waiting_.clear();
  return out;
}

pool_model::steps pool_model::tick(steady_time now) {
  steps out;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->deadline > now) {
      ++at;
      continue;
    }
    end(out, at->id, question_end::timed_out);
    at = waiting_.erase(at);
  }
  for (worker_id i = 0; i < workers_.size(); ++i) {
    auto& w = workers_[i];
    if (w.question && w.deadline <= now) {
      end(out, *w.question, question_end::timed_out);
      w.question.reset();
      out.cuts.push_back(i);
    } else if (w.is == state::idle && w.idle_since + settings_.idle <= now) {
      w.is = state::absent;
      out.leaves.push_back(i);
    }
  }
  return out;
}

std::optional<steady_time> pool_model::next_tick() const {
  std::optional<steady_time> out;
  const auto earlier = [&](steady_time at) { out = out ? std::min(*out, at) : at; };
  for (const auto& each : waiting_)
    earlier(each.deadline);
  for (const auto& each : workers_) {
    if (each.question)
      earlier(each.deadline);
    if (each.is == state::idle)
      earlier(each.idle_since + settings_.idle);
  }
  return out;
}

std::size_t pool_model::busy() const {
  return static_cast<std::size_t>(std::count_if(
      workers_.begin(), workers_.end(), [](const worker& w) { return w.is == state::busy; }));
}

} // namespace roost::database
