#include "actors/database/initializer.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roost::database {

namespace {

// Answers come when the work is done; the work itself is bounded by its own deadlines. This only
// finds a worker that has died without a word.
constexpr std::chrono::hours patience{24};

init_outcome failed(const init_failure& why) {
  return {false, 0, static_cast<std::uint8_t>(why.kind), why.reason};
}

init_failure failure_of(const init_outcome& x) {
  return {static_cast<trouble>(x.trouble), x.reason};
}

} // namespace

database_worker_actor spawn_detached_worker(caf::local_actor& parent, std::shared_ptr<backend> what,
                                            const database_actor& owner) {
  return parent.spawn<caf::detached>(database_worker, std::move(what), owner);
}

database_worker_actor::behavior_type
database_worker(database_worker_actor::stateful_pointer<database_worker_state> self,
                std::shared_ptr<backend> what, const database_actor& owner) {
  runtime::arm(self);
  return {
      [what, owner = caf::actor_cast<caf::weak_actor_ptr>(owner)](const begin_init&) {
        const auto up =
            what->bring_up([&](database_state to, std::uint32_t step, std::uint32_t steps) {
              if (const auto strong = caf::actor_cast<database_actor>(owner))
                caf::anon_send(strong, init_progress{to, step, steps});
            });
        return up ? init_outcome{true, *up, 0, {}} : failed(up.error());
      },
      [what](const check_database&) {
        const auto there = what->check();
        return there ? init_outcome{true, 0, 0, {}} : failed(there.error());
      },
  };
}

initializer_state::~initializer_state() {
  if (config_.what)
    config_.what->stop();
  if (worker_)
    caf::anon_send_exit(worker_, caf::exit_reason::user_shutdown);
}

void initializer_state::open(initializer_config config) {
  config_ = std::move(config);
  machine_.emplace(config_.machine, config_.time->now_wall());
  worker_ = config_.spawn_worker(*self_, config_.what, database_actor(self_));
  tell();
  attempt();
}

void initializer_state::attempt() {
  machine_->begin(config_.time->now(), config_.time->now_wall());
  watch_grace();
  tell();
  runtime::ask(self_, worker_, patience, begin_init{})
      .then(
          [this](const init_outcome& x) {
            if (!x.is_ok)
              return lose(failure_of(x));
            machine_->succeed(x.schema_version, depth_, config_.time->now(),
                              config_.time->now_wall());
            timers_.cancel(grace_timer);
            tell();
            check_later();
          },
          [this](const failure&) {
            lose({trouble::transient, "an internal error; the log has it"});
          });
}

void initializer_state::on_progress(const init_progress& x) {
  // The attempt's own first step is ours: `begin`.
  if (x.to == database_state::connecting)
    return;
  machine_->advance(x.to, x.step, x.steps, config_.time->now_wall());
  tell();
}

void initializer_state::on_depth(const outbox_depth& x) {
  depth_ = x.records;
  machine_->set_backlog(depth_, x.trouble, config_.time->now_wall());
  tell();
}

void initializer_state::check_later() {
  timers_.after(check_timer, config_.check_interval, [this] { check(); });
}

void initializer_state::check() {
  runtime::ask(self_, worker_, patience, check_database{})
      .then(
          [this](const init_outcome& x) {
            if (x.is_ok)
              return check_later();
            lose(failure_of(x));
          },
          [this](const failure&) {
            lose({trouble::transient, "an internal error; the log has it"});
          });
}

void initializer_state::lose(const init_failure& why) {
  const auto wait =
      machine_->fail(why, config_.time->now(), config_.time->now_wall(), *config_.random);
  watch_grace();
  tell();
  timers_.after(attempt_timer, wait, [this] { attempt(); });
}

void initializer_state::watch_grace() {
  if (const auto due = machine_->grace_ends(); due && !timers_.is_armed(grace_timer))
    timers_.after(grace_timer, *due - config_.time->now(), [this] {
      machine_->tick(config_.time->now(), config_.time->now_wall());
      tell();
    });
}

void initializer_state::tell() {
  auto report = machine_->report();
  std::uint64_t total = 0;
  for (const auto n : report.entered)
    total += n;
  const auto fresh = std::min<std::uint64_t>(total - told_, report.transitions.size());
  told_ = total;
  config_.board->put(report);
  for (auto i = report.transitions.size() - fresh; i < report.transitions.size(); ++i) {
    const auto& step = report.transitions[i];
    const auto level = step.to == database_state::blocked       ? log::severity::error
                       : step.to == database_state::memory_only ? log::severity::warn
                                                                : log::severity::info;
    log_.write(level, "the database's state changes",
               {log::kv("state", to_string(step.to)), log::kv("reason", step.reason),
                log::kv("attempt", report.attempt)});
    if (const auto bus = config_.events())
      caf::anon_send(bus, publish_database{step.to, step.reason, report.backend});
  }
}

database_actor::behavior_type initializer(database_actor::stateful_pointer<initializer_state> self,
                                          initializer_config config) {
  runtime::arm(self);
  self->state.open(std::move(config));
  return {
      [self](const init_progress& x) { self->state.on_progress(x); },
      [self](const outbox_depth& x) { self->state.on_depth(x); },
      [self](const timer_fired& x) { self->state.fire(x); },
  };
}

} // namespace roost::database
