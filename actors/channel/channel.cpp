#include "actors/channel/channel.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace roost::channel {

namespace {

constexpr std::array overrides = {breaker_state::forced_open, breaker_state::disabled,
                                  breaker_state::metrics_only};

std::optional<breaker_state> find_override(std::string_view name) {
  for (const auto state : overrides)
    if (to_string(state) == name)
      return state;
  return std::nullopt;
}

void add(channel_totals& into, const breaker_totals& b) {
  into.granted = b.granted;
  into.succeeded = b.succeeded;
  into.failed = b.failed;
  into.ignored = b.ignored;
  into.overloaded = b.overloaded;
  into.cancelled = b.cancelled;
  into.expired = b.expired;
  into.slow = b.slow;
  into.late = b.late;
  into.rejected_open = b.rejected_open;
  into.rejected_probing = b.rejected_probing;
  into.rejected_forced = b.rejected_forced;
  into.rejected_limit = b.rejected_limit;
  into.opens = b.opens;
  into.would_trips = b.would_trips;
  into.probes_succeeded = b.probes_succeeded;
  into.probes_failed = b.probes_failed;
  into.probes_other = b.probes_other;
  into.open_time = b.open_time;
}

} // namespace

channel_state::~channel_state() {
  // It crashed, else the helper has been stopped.
  if (transport_ && !is_closing_)
    transport_->stop([] {});
}

void channel_state::open(const std::string& channel_name, channel_context context) {
  context_ = std::move(context);
  log_ = log::logger(log::context{"channel/" + channel_name, 0, {}, {}});
  // In this order: a reload at the same time either finds this actor and sends it the new
  // configuration, or has left it there before.
  const bool was_there = context_.channels->started(channel_name, channel_actor{self_});
  config_ = context_.channels->config_of(channel_name);
  if (!config_) { // it was taken out of the configuration just now
    self_->quit();
    return;
  }
  const auto seed = context_.seed != 0 ? context_.seed : os_random::instance().next();
  random_.emplace(seed);
  desk_.emplace(*config_, *random_, static_cast<desk_port&>(*this), now(),
                was_there ? breaker::start::ramped : breaker::start::fresh);
  transport_ = context_.connect(*config_, random_->next());
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  transport_->start([weak](reply r) {
    if (const auto strong = weak.lock())
      caf::anon_send(caf::actor_cast<channel_actor>(strong),
                     helper_replied{std::make_shared<reply>(std::move(r))});
  });
  apply_kept_override();
  settle();
}

void channel_state::apply_kept_override() {
  const auto kept = context_.channels->override_of(config_->name);
  const auto state = kept ? find_override(kept->state) : std::nullopt;
  if (!state)
    return;
  breaker_override what{*state, kept->who, kept->reason, {}};
  if (kept->expires_at)
    what.expires_at = now() + (*kept->expires_at - context_.time->now_wall());
  desk_->judge_of_it().set_override(std::move(what), now());
}

// ---- callers ----

caf::result<call_answer> channel_state::call(call_channel& x) {
  auto promise = self_->make_response_promise<call_answer>();
  if (is_closing_) {
    promise.deliver(answer_without_helper(*config_));
    return promise;
  }
  const auto id = ++last_call_;
  asked_.emplace(id, asked{runtime::promise_guard<call_answer>(promise), x.key});
  if (x.key != 0)
    by_key_[x.key] = id;
  desk_->submit({id, std::move(x.method), std::move(x.params), x.timeout}, now());
  settle();
  return promise;
}

void channel_state::cancel(const cancel_call& x) {
  const auto at = by_key_.find(x.key);
  if (at == by_key_.end())
    return;
  desk_->cancel(at->second, now());
  settle();
}

channel_status channel_state::show() const {
  const auto v = desk_->judge_of_it().view(now());
  const auto t = transport_->view();
  channel_status s;
  s.name = config_->name;
  s.state = to_string(v.state);
  s.since = to_wall(v.since);
  s.retry_after = v.retry_after;
  s.window_length = config_->breaker.window;
  s.window_calls = v.window.calls;
  s.window_failed = v.window.failed;
  s.window_slow = v.window.slow;
  s.consecutive_failures = v.consecutive_failures;
  s.in_flight = v.in_flight;
  s.waiting = desk_->waiting();
  s.limit = v.limit;
  s.timeout = v.timeout;
  s.generation = v.generation;
  s.config_version = v.config_version;
  if (v.by_hand) {
    s.by_hand = channel_override{
        std::string(to_string(v.by_hand->state)), v.by_hand->who, v.by_hand->reason, {}};
    if (v.by_hand->expires_at)
      s.by_hand->expires_at = to_wall(*v.by_hand->expires_at);
  }
  s.transport = to_string(config_->transport.kind);
  s.is_up = t.is_up;
  s.pid = t.pid;
  s.starts = t.starts;
  s.unknown_messages = t.unknown;
  s.violations = t.violations;
  s.has_fallback = !config_->fallback.empty() || !config_->fallback_channel.empty() ||
                   config_->last_good.count() > 0;
  s.idempotent = config_->idempotent;
  s.totals = desk_->totals();
  add(s.totals, v.totals);
  s.latency = desk_->latency();
  s.transitions.assign(transitions_.begin(), transitions_.end());
  return s;
}

caf::result<channel_status> channel_state::set_override(const override_channel& x) {
  auto& b = desk_->judge_of_it();
  if (x.state.empty()) {
    context_.channels->keep_override(config_->name, std::nullopt);
    b.clear_override(x.who, now());
  } else {
    const auto state = find_override(x.state);
    if (!state)
      return to_caf(failure{channel_error::bad_state, x.state});
    channel_override kept{x.state, x.who, x.reason, {}};
    breaker_override what{*state, x.who, x.reason, {}};
    if (x.lasts.count() > 0) {
      what.expires_at = now() + x.lasts;
      kept.expires_at = context_.time->now_wall() + x.lasts;
    }
    context_.channels->keep_override(config_->name, std::move(kept));
    b.set_override(std::move(what), now());
  }
  desk_->tick(now()); // whoever waits is let in, or refused
  settle();
  return show();
}

void channel_state::configure(const configure_channel& x) {
  config_ = x.what;
  desk_->configure(*config_, now());
  settle();
}

// ---- the helper ----

void channel_state::replied(const helper_replied& x) {
  has_heard_ = true;
  if (!x.what->detail.empty())
    log_.debug("the helper's answer was none", log::kv("kind", static_cast<int>(x.what->kind)),
               log::kv("why", x.what->detail));
  desk_->replied(*x.what, now());
  settle();
}

void channel_state::told_to_exit(const caf::error& reason) {
  if (is_closing_)
    return;
  is_closing_ = true;
  exit_reason_ = reason;
  desk_->close(now());
  settle();
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  transport_->stop([weak] {
    if (const auto strong = weak.lock())
      caf::anon_send(caf::actor_cast<channel_actor>(strong), helper_stopped{});
  });
}

void channel_state::stopped() { self_->quit(exit_reason_); }

// ---- what the desk has done ----

void channel_state::send(request what) { transport_->send(std::move(what)); }

void channel_state::withdraw(std::uint64_t request_id) { transport_->cancel(request_id); }

void channel_state::answer(std::uint64_t call_id, call_answer what) {
  const auto at = asked_.find(call_id);
  if (at == asked_.end())
    return;
  auto gone = std::move(at->second);
  asked_.erase(at);
  if (gone.key != 0)
    by_key_.erase(gone.key);
  gone.promise.deliver(std::move(what));
}

void channel_state::ask_other(std::uint64_t call_id, const std::string& channel,
                              const std::string& method, const std::string& params,
                              milliseconds patience) {
  const auto other = context_.channels->find(channel);
  if (!other) {
    alone_.push_back(call_id);
    return;
  }
  call_channel x;
  x.method = method;
  x.params = params;
  x.timeout = patience;
  runtime::ask(self_, other, patience, std::move(x))
      .then(
          [this, call_id](const call_answer& said) {
            desk_->stood_in(call_id, said, now());
            settle();
          },
          [this, call_id](const failure&) {
            desk_->stood_in(call_id, {}, now());
            settle();
          });
}

void channel_state::settle() {
  for (const auto id : std::exchange(alone_, {}))
    desk_->stood_in(id, {}, now());
  for (const auto& event : desk_->judge_of_it().take_events())
    tell(event);
  arm_timer();
}

void channel_state::tell(const breaker_event& what) {
  channel_transition t;
  t.at = to_wall(what.at);
  t.what = to_string(what.what);
  t.from = to_string(what.from);
  t.to = to_string(what.to);
  t.why = what.why;
  t.calls = what.window.calls;
  t.failed = what.window.failed;
  t.slow = what.window.slow;
  log_.info("breaker", log::kv("what", t.what), log::kv("from", t.from), log::kv("to", t.to),
            log::kv("why", t.why), log::kv("calls", t.calls), log::kv("failed", t.failed));
  if (what.what == breaker_change::override_expired)
    context_.channels->keep_override(config_->name, std::nullopt);
  note_silence(what);
  publish_channel news;
  news.name = config_->name;
  news.change = t;
  if (what.until && what.to == breaker_state::open)
    news.retry_after = std::chrono::duration_cast<milliseconds>(
        std::max(steady_time::duration::zero(), *what.until - now()));
  transitions_.push_back(std::move(t));
  while (transitions_.size() > most_transitions)
    transitions_.pop_front();
  if (const auto bus = context_.events.get())
    self_->send(bus, std::move(news));
}

/// A helper that lets probe after probe pass without a word hangs: what is started anew may not.
void channel_state::note_silence(const breaker_event& what) {
  if (what.what != breaker_change::state_changed)
    return;
  const auto unknown = transport_->view().unknown;
  if (what.to == breaker_state::half_open) {
    has_heard_ = false;
    unknown_before_ = unknown;
    return;
  }
  if (what.from != breaker_state::half_open || what.to != breaker_state::open || has_heard_ ||
      unknown != unknown_before_) {
    silent_probes_ = 0;
    return;
  }
  if (++silent_probes_ < silent_probes_before_restart)
    return;
  silent_probes_ = 0;
  log_.warn("the helper does not answer and is started anew");
  transport_->restart();
}

void channel_state::arm_timer() {
  const auto next = desk_->next_event();
  if (!next || (armed_for_ && *armed_for_ <= *next))
    return;
  armed_for_ = next;
  timers_.after(due_timer, std::max(steady_time::duration::zero(), *next - now()), [this] {
    armed_for_.reset();
    desk_->tick(now());
    settle();
  });
}

wall_time channel_state::to_wall(steady_time at) const {
  return context_.time->now_wall() -
         std::chrono::duration_cast<wall_time::duration>(context_.time->now() - at);
}

channel_actor::behavior_type channel(channel_actor::stateful_pointer<channel_state> self,
                                     const std::string& name, channel_context context) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_exit_handler([s](caf::exit_msg& x) { s->told_to_exit(x.reason); });
  s->open(name, std::move(context));
  return {
      [s](call_channel& x) { return s->call(x); },
      [s](const cancel_call& x) { s->cancel(x); },
      [s](const show_channel&) { return s->show(); },
      [s](const override_channel& x) { return s->set_override(x); },
      [s](const configure_channel& x) { s->configure(x); },
      [s](const helper_replied& x) { s->replied(x); },
      [s](const helper_stopped&) { s->stopped(); },
      [s](const timer_fired& x) { s->fire(x); },
  };
}

} // namespace roost::channel
