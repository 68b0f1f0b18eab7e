#include "actors/database/pool/pools.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roost::database {

namespace {

// Answers come when the work is done, which has its own deadline; this only finds a worker that has
// died without a word.
constexpr std::chrono::hours patience{24};

/// What calls the functions of questions.
class pool_worker_state {
public:
  static inline constexpr const char* name = "pool-worker";
  explicit pool_worker_state(pool_worker_actor::pointer) {}
};

pool_worker_actor::behavior_type
pool_worker(pool_worker_actor::stateful_pointer<pool_worker_state> self,
            const std::shared_ptr<shared_link>& link) {
  runtime::arm(self);
  return {[link](const answer_question& x) {
    if (x.what->is_over)
      return question_done{true, 0, {}};
    const auto done = link->answer(x.what->look, x.what->deadline);
    if (done)
      return question_done{true, 0, {}};
    const auto& why = done.error();
    return question_done{false, static_cast<std::uint8_t>(why.kind),
                         why.text + (why.log.empty() ? "" : ": " + why.log)};
  }};
}

failure failure_of(question_end how) {
  switch (how) {
  case question_end::refused:
    return {request_error::at_capacity, "too many questions to the shared database are waiting"};
  case question_end::away:
    return {request_error::store_unavailable, "the shared database is away"};
  default:
    return {request_error::deadline_exceeded, "the shared database has not answered in time"};
  }
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

database_pool_report report_of(const pool_model& model, std::uint64_t others) {
  const auto& counts = model.totals();
  database_pool_report out;
  out.size = model.size() + others;
  out.busy = model.busy();
  out.waiting = model.waiting();
  out.asked = counts.asked;
  out.timeouts = counts.timeouts;
  out.refused = counts.refused;
  out.away = counts.away;
  out.cancelled = counts.cancelled;
  out.waits = counts.started;
  out.waited_seconds = seconds(counts.waited);
  out.longest_wait_seconds = seconds(counts.longest_wait);
  return out;
}

} // namespace

pool_worker_actor spawn_pool_worker(caf::local_actor& parent, std::shared_ptr<shared_link> link) {
  return parent.spawn<caf::detached>(pool_worker, std::move(link));
}

pools_state::~pools_state() {
  for (auto& each : pools_)
    for (auto& w : each->workers) {
      if (w.link)
        w.link->cancel();
      dismiss(w);
    }
}

void pools_state::open(pools_config config) {
  config_ = std::move(config);
  pools_.push_back(std::make_unique<pool>(database_pool::app, config_.app));
  pools_.push_back(std::make_unique<pool>(database_pool::analytics, config_.analytics));
  for (const auto& each : pools_)
    carry_out(*each, {});
  database_pool_report init;
  init.size = config_.init;
  config_.board->put(database_pool::init, init);
}

bool pools_state::is_database_there() const {
  const auto state = config_.database->get().state;
  return state == database_state::ready || state == database_state::catching_up;
}

caf::result<shared_answered> pools_state::ask(const ask_shared& x) {
  const auto of = std::find_if(pools_.begin(), pools_.end(),
                               [&](const auto& each) { return each->name == x.pool; });
  if (of == pools_.end())
    return to_caf({request_error::at_capacity, "this pool answers no questions"});
  auto promise = self_->make_response_promise<shared_answered>();
  const auto id = ++last_id_;
  const auto now = config_.time->now();
  auto what = std::make_shared<pool_question>();
  what->look = x.look;
  what->deadline = now + x.patience;
  questions_[id] = {runtime::promise_guard(promise), what, x.key, of->get()};
  carry_out(**of, is_database_there() ? (*of)->model.ask(id, what->deadline, now)
                                      : (*of)->model.turn_away(id));
  return promise;
}

void pools_state::cancel(const cancel_shared& x) {
  const auto at = std::find_if(questions_.begin(), questions_.end(), [&](const auto& each) {
    return x.key != 0 && each.second.key == x.key;
  });
  if (at != questions_.end())
    carry_out(*at->second.of, at->second.of->model.cancel(at->first, config_.time->now()));
}

void pools_state::end(const pool_model::steps::ended& x) {
  const auto at = questions_.find(x.question);
  if (at == questions_.end())
    return;
  auto over = std::move(at->second);
  questions_.erase(at);
  over.what->is_over = true;
  if (x.how == question_end::answered)
    over.promise.deliver(shared_answered{});
  else
    over.promise.fail(failure_of(x.how));
}

void pools_state::dismiss(worker& w) {
  // The worker's thread has the last share: that one may wait for the connection's end.
  w.link.reset();
  if (w.actor)
    caf::anon_send_exit(w.actor, caf::exit_reason::user_shutdown);
  w.actor = nullptr;
}

void pools_state::start(pool& p, const pool_model::steps::started& x) {
  auto& w = p.workers.at(x.worker);
  if (x.is_new) {
    w.link = p.make_link();
    w.actor = config_.spawn_worker(*self_, w.link);
  }
  runtime::ask(self_, w.actor, patience, answer_question{questions_.at(x.question).what})
      .then(
          [this, &p, id = x.worker](const question_done& done) {
            const auto now = config_.time->now();
            if (done.is_connected)
              return carry_out(p, p.model.finish(id, now));
            log_.warn("a question does not get to the shared database",
                      log::kv("why", done.reason));
            carry_out(p,
                      p.model.lose(id, static_cast<trouble>(done.trouble), now, *config_.random));
          },
          [this, &p, id = x.worker](const failure& why) {
            log_.error("a worker for the shared database has died",
                       log::kv("why", describe(why).name));
            dismiss(p.workers.at(id));
            carry_out(p, p.model.bury(id, config_.time->now(), *config_.random));
          });
}

void pools_state::carry_out(pool& p, const pool_model::steps& steps) {
  config_.board->put(p.name, report_of(p.model, p.others)); // who has an answer finds it counted
  for (const auto& each : steps.ends)
    end(each);
  for (const auto each : steps.cuts)
    p.workers.at(each).link->cancel();
  for (const auto each : steps.leaves)
    dismiss(p.workers.at(each));
  for (const auto& each : steps.starts)
    start(p, each);
  arm();
}

void pools_state::tick() {
  const auto now = config_.time->now();
  for (const auto& each : pools_) {
    if (each->model.waiting() > 0 && !is_database_there())
      carry_out(*each, each->model.give_up_waiting());
    carry_out(*each, each->model.tick(now));
  }
}

void pools_state::arm() {
  const auto now = config_.time->now();
  std::optional<steady_time> next;
  const auto earlier = [&](steady_time at) { next = next ? std::min(*next, at) : at; };
  for (const auto& each : pools_) {
    if (const auto due = each->model.next_tick())
      earlier(*due);
    if (each->model.waiting() > 0)
      earlier(now + config_.look_interval);
  }
  // A timer that is early does no harm, and each that is armed anew leaves a message behind.
  if (!next || (timers_.is_armed(tick_timer) && tick_at_ <= *next))
    return;
  tick_at_ = *next;
  const auto wait = std::max<std::chrono::nanoseconds>(*next - now, std::chrono::milliseconds{1});
  timers_.after(tick_timer, wait, [this] {
    tick();
    arm();
  });
}

pools_actor::behavior_type pools(pools_actor::stateful_pointer<pools_state> self,
                                 pools_config config) {
  runtime::arm(self);
  self->state.open(std::move(config));
  return {
      [self](const ask_shared& x) { return self->state.ask(x); },
      [self](const cancel_shared& x) { self->state.cancel(x); },
      [self](const timer_fired& x) { self->state.fire(x); },
  };
}

} // namespace roost::database
