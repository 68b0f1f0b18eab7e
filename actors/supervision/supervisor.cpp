#include "actors/supervision/supervisor.hpp"

#include "protocols/errors.hpp"
#include "protocols/failures.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/system_messages.hpp>

#include <atomic>
#include <exception>
#include <utility>

namespace roost::supervision {

namespace {

/// The one timer: the model's next deadline.
constexpr std::uint32_t deadline_timer = 1;

/// Incarnations are numbered through the whole process, so that a caller who knew a child under an
/// earlier supervisor never takes a new incarnation for the one that it knew.
std::uint64_t next_generation() {
  static std::atomic<std::uint64_t> latest{0};
  return latest.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// At high priority: CAF's anon_send_exit queues an exit behind all other messages, and a child
/// with a long mailbox would miss its deadline.
void send_exit(const caf::strong_actor_ptr& to, caf::exit_reason reason) {
  to->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
              caf::make_message(caf::exit_msg{to->address(), reason}), nullptr);
}

exit_kind kind_of(const caf::error& reason) {
  if (!reason || reason == caf::exit_reason::normal || reason == caf::exit_reason::user_shutdown)
    return exit_kind::normal;
  return from_caf(reason).is(supervision_error::child_stuck) ? exit_kind::beyond_repair
                                                             : exit_kind::abnormal;
}

failure why_not(const child_view& child, bool is_stopping) {
  if (is_stopping)
    return {supervision_error::stopping, std::string(child.id)};
  switch (child.state) {
  case child_state::ended:
    return {supervision_error::no_such_child, std::string(child.id)};
  case child_state::stuck:
    return {supervision_error::child_stuck, std::string(child.id)};
  default:
    return {supervision_error::child_restarting, std::string(child.id)};
  }
}

} // namespace

supervisor_state::supervisor_state(supervisor_actor::pointer self) : self_(self), timers_(self) {}

supervisor_state::~supervisor_state() {
  for (const auto& [id, child] : children_)
    if (child.up)
      send_exit(child.up->actor, caf::exit_reason::kill);
}

void supervisor_state::open(supervisor_config config) {
  log::context bound;
  bound.actor = "supervisor/" + config.name;
  log_ = log::logger(std::move(bound));
  random_.emplace(config.seed != 0 ? config.seed : os_random::instance().next());
  model_.emplace(config.rules, next_generation, *random_);
  for (auto& spec : config.children) {
    model_->declare(spec.rules);
    children_[spec.rules.id] = {std::move(spec.make), std::nullopt};
  }
  model_->begin(now());
  carry_out();
}

void supervisor_state::told_to_exit(const caf::error& reason) {
  if (!model_->is_stopping())
    exit_reason_ = reason;
  model_->stop(now());
  carry_out();
}

void supervisor_state::child_down(const caf::actor_addr& source, const caf::error& reason) {
  const auto at = by_actor_.find(source.id());
  if (at == by_actor_.end())
    return;
  const auto [id, generation] = std::exchange(at->second, {});
  by_actor_.erase(at);
  const auto how = kind_of(reason);
  if (how != exit_kind::normal && !model_->is_stopping()) {
    const auto why = from_caf(reason);
    log_.warn("child crashed", log::kv("child", id), log::kv("child_generation", generation),
              log::kv("error", describe(why).name),
              log::kv("reason", self_->system().render(reason)));
  }
  if (const auto child = children_.find(id);
      child != children_.end() && child->second.up && child->second.up->generation == generation)
    child->second.up.reset();
  model_->ended(id, generation, how, now());
  carry_out();
}

caf::result<child_handle> supervisor_state::resolve(const resolve_child& x) {
  const auto child = model_->find(x.id);
  if (!child)
    return to_caf({supervision_error::no_such_child, x.id});
  const auto& up = children_.at(x.id).up;
  if (child->state != child_state::running || !up)
    return to_caf(why_not(*child, model_->is_stopping()));
  return child_handle{up->actor, up->generation};
}

caf::result<child_handle> supervisor_state::add(const add_child& x) {
  const auto& id = x.spec.rules.id;
  if (const auto done = model_->add(x.spec.rules, now()); !done)
    return to_caf(done.error());
  children_[id] = {x.spec.make, std::nullopt};
  auto promise = self_->make_response_promise<child_handle>();
  pending_adds_.insert_or_assign(id, runtime::promise_guard<child_handle>(promise));
  carry_out();
  return promise;
}

caf::result<child_removed> supervisor_state::remove(const remove_child& x) {
  if (const auto done = model_->remove(x.id, now()); !done)
    return to_caf(done.error());
  auto promise = self_->make_response_promise<child_removed>();
  pending_removes_.emplace(x.id, runtime::promise_guard<child_removed>(promise));
  carry_out();
  return promise;
}

child_list supervisor_state::list() const {
  child_list out;
  for (const auto& child : model_->children())
    out.children.push_back({std::string(child.id), child.state, child.generation, child.restarts});
  return out;
}

void supervisor_state::fire(const timer_fired& x) { timers_.fire(x); }

steady_time supervisor_state::now() const { return self_->clock().now(); }

void supervisor_state::carry_out() {
  while (const auto next = model_->next())
    std::visit([this](const auto& x) { perform(x); }, *next);
  arm_timer();
}

void supervisor_state::perform(const start_command& x) {
  auto& child = children_.at(x.id);
  std::variant<caf::strong_actor_ptr, failure> made =
      failure{supervision_error::start_failed, x.id};
  try {
    made = child.make(child_start{self_->system(), x.id, x.generation});
  } catch (const std::exception& thrown) {
    log_.error("child's factory threw", log::kv("child", x.id), log::kv("what", thrown.what()));
  }
  if (const auto* why = std::get_if<failure>(&made))
    could_not_start(x.id, x.generation, *why);
  else if (auto& actor = std::get<caf::strong_actor_ptr>(made))
    started(x.id, child, std::move(actor), x.generation);
  else
    could_not_start(x.id, x.generation, {supervision_error::start_failed, x.id});
}

void supervisor_state::started(const std::string& id, known_child& child,
                               caf::strong_actor_ptr actor, std::uint64_t generation) {
  log_.debug("child started", log::kv("child", id), log::kv("child_generation", generation));
  by_actor_[actor->id()] = {id, generation};
  child.up = incarnation{actor, generation};
  self_->monitor(actor);
  if (const auto waiting = pending_adds_.extract(id))
    waiting.mapped().deliver({std::move(actor), generation});
  model_->started(id, generation, now());
}

void supervisor_state::could_not_start(const std::string& id, std::uint64_t generation,
                                       const failure& why) {
  log_.error("child could not be started", log::kv("child", id),
             log::kv("error", describe(why).name), log::kv("detail", why.detail));
  start_failure_ = why;
  if (const auto waiting = pending_adds_.extract(id))
    waiting.mapped().fail(why);
  model_->start_failed(id, generation, now());
}

void supervisor_state::perform(const stop_command& x) {
  if (const auto& up = children_.at(x.id).up)
    send_exit(up->actor, caf::exit_reason::user_shutdown);
}

void supervisor_state::perform(const kill_command& x) {
  log_.warn("child did not stop in time, it is killed", log::kv("child", x.id),
            log::kv("child_generation", x.generation));
  if (const auto& up = children_.at(x.id).up)
    send_exit(up->actor, caf::exit_reason::kill);
}

void supervisor_state::perform(const forgotten_command& x) {
  children_.erase(x.id);
  if (const auto waiting = pending_adds_.extract(x.id))
    waiting.mapped().fail({supervision_error::stopping, x.id});
  const auto [first, last] = pending_removes_.equal_range(x.id);
  for (auto at = first; at != last; ++at)
    at->second.deliver({x.id});
  pending_removes_.erase(first, last);
}

void supervisor_state::perform(const stuck_command& x) {
  log_.error("child does not end even when killed", log::kv("child", x.id),
             log::kv("child_generation", x.generation));
  const auto [first, last] = pending_removes_.equal_range(x.id);
  for (auto at = first; at != last; ++at)
    at->second.fail({supervision_error::child_stuck, x.id});
  pending_removes_.erase(first, last);
}

void supervisor_state::perform(const finish_command& x) {
  switch (x.reason) {
  case finish_reason::asked:
    log_.debug("supervisor stopped");
    self_->quit(exit_reason_);
    return;
  case finish_reason::significant_ended:
    log_.info("supervisor ends, its significant child is done");
    self_->quit();
    return;
  case finish_reason::start_failed:
    log_.error("supervisor gives up, a child could not be started");
    self_->quit(to_caf(start_failure_));
    return;
  case finish_reason::intensity_exceeded:
    log_.error("supervisor gives up, its children keep failing");
    self_->quit(to_caf({supervision_error::intensity_exceeded}));
    return;
  case finish_reason::child_stuck:
    log_.error("supervisor gives up, a child does not end");
    self_->quit(to_caf({supervision_error::child_stuck}));
    return;
  }
}

void supervisor_state::arm_timer() {
  const auto due = model_->deadline();
  if (due == armed_for_)
    return;
  armed_for_ = due;
  if (!due) {
    timers_.cancel(deadline_timer);
    return;
  }
  timers_.after(deadline_timer, *due - now(), [this] {
    armed_for_.reset();
    model_->wake(now());
    carry_out();
  });
}

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_config config) {
  runtime::arm(self);
  self->set_down_handler(
      [self](const caf::down_msg& x) { self->state.child_down(x.source, x.reason); });
  self->set_exit_handler([self](const caf::exit_msg& x) { self->state.told_to_exit(x.reason); });
  self->state.open(std::move(config));
  return {
      [self](const resolve_child& x) { return self->state.resolve(x); },
      [self](const add_child& x) { return self->state.add(x); },
      [self](const remove_child& x) { return self->state.remove(x); },
      [self](const list_children&) { return self->state.list(); },
      [self](const timer_fired& x) { self->state.fire(x); },
  };
}

} // namespace roost::supervision
