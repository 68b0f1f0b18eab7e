#include "actors/terminal/terminals.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>

namespace roost::terminal {

namespace {

constexpr std::uint32_t retention_timer = 1;
constexpr std::uint32_t users_timer = 2;
// A little more than the pause between samples, so that each turn finds a new one.
constexpr std::chrono::milliseconds users_check{1'100};
constexpr std::chrono::seconds retention_check{5};
// Starting a program is local and takes milliseconds, unless its folder is on a disk that hangs.
constexpr std::chrono::seconds start_deadline{20};
constexpr std::chrono::seconds supervisor_deadline{10};
// A session whose terminals fail as often, each within the window of the one before, has something
// in its output that no terminal survives.
constexpr std::uint32_t most_failures = 3;
constexpr std::chrono::minutes failure_window{1};
// 60 bits of randomness in an alphabet that can be read out and double-clicked.
constexpr std::string_view id_alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t id_length = 12;

std::string child_id(const session_id& id) { return "terminal/" + id.value; }

child_rules terminal_rules(const session_id& id) {
  child_rules rules;
  rules.id = child_id(id);
  // The directory decides what follows when one fails: the program is with the keeper.
  rules.restart = restart_kind::temporary;
  return rules;
}

bool is_over(const session_info& info) {
  return info.state == session_state::exited || info.state == session_state::lost;
}

} // namespace

void terminals_state::start(terminals_context context) {
  context_ = std::move(context);
  usage_.emplace(*context_.clock);
  users_.emplace(context_.user_limits);
  recover();
  forget_old();
  if (context_.user_limits.memory > 0)
    watch_users();
}

void terminals_state::recover() {
  // After a restart the terminals are still there: each reports to the new directory.
  runtime::ask(self_, context_.supervisor.get(), supervisor_deadline, list_children{})
      .then(
          [this](const child_list& list) {
            for (const auto& child : list.children)
              runtime::ask(self_, context_.supervisor.get(), supervisor_deadline,
                           resolve_child{child.id})
                  .then(
                      [this](const child_handle& found) {
                        auto terminal = caf::actor_cast<terminal_actor>(found.actor);
                        self_->monitor(terminal);
                        self_->send(terminal, report_to{terminals_actor{self_}});
                      },
                      [](const failure&) {
                        // It ended between the list and the question: there is nothing to recover.
                      });
          },
          [this](const failure& why) {
            log_.error("terminals could not be listed", log::kv("why", describe(why).name));
          });
}

std::string terminals_state::new_id() {
  std::string id;
  do {
    id.clear();
    auto bits = os_random::instance().next();
    for (std::size_t i = 0; i < id_length; ++i, bits >>= 5)
      id.push_back(id_alphabet[bits & 31]);
  } while (sessions_.count(id) > 0);
  return id;
}

caf::result<session_info> terminals_state::on_create(const create_session& x) {
  const auto alive = std::count_if(sessions_.begin(), sessions_.end(),
                                   [](const auto& item) { return !is_over(item.second.info); });
  if (static_cast<std::size_t>(alive) >= context_.max_sessions)
    return to_caf({terminal_error::too_many_sessions, std::to_string(context_.max_sessions)});
  const auto own = std::count_if(sessions_.begin(), sessions_.end(), [&x](const auto& item) {
    return item.second.info.owner == x.owner && !is_over(item.second.info);
  });
  if (context_.max_per_user > 0 && static_cast<std::size_t>(own) >= context_.max_per_user)
    return to_caf(
        {terminal_error::too_many_sessions, fmt::format("{} of one user", context_.max_per_user)});
  if (context_.user_limits != user_limits{}) {
    sample_usage();
    if (auto why = refuse_session(context_.user_limits, x.owner, loads())) {
      context_.user_counts->refused.fetch_add(1, std::memory_order_relaxed);
      return to_caf({terminal_error::user_limit, std::move(*why)});
    }
  }

  session_info info;
  info.id.value = new_id();
  info.title = x.title;
  info.created_at = context_.clock->now_wall();
  info.size_policy = x.size_policy;
  info.owner = x.owner;
  info.sandbox = x.sandbox.empty() ? context_.terminal.sandbox.default_profile : x.sandbox;
  info.run_as =
      x.run_as.empty() ? context_.terminal.run_as.otherwise(context_.spawn->user.name) : x.run_as;
  info.restart.policy = x.restart;
  info.record = x.record.value_or(context_.terminal.record);
  info.epoch = fmt::format("{:016x}", os_random::instance().next());
  sessions_[info.id.value].info = info;

  auto request = std::make_shared<spawn_request>();
  request->command = x.command;
  request->cwd = x.cwd;
  request->env = x.env;
  request->cols = x.cols;
  request->rows = x.rows;
  const terminal_task task{info, std::move(request), nullptr};
  auto promise = self_->make_response_promise<session_info>();
  auto guard = std::make_shared<runtime::promise_guard<session_info>>(promise);
  make_terminal(task, [this, id = info.id, guard](const result<session_info>& begun) {
    if (!begun) {
      sessions_.erase(id.value);
      return guard->fail(begun.error());
    }
    auto& e = sessions_[id.value];
    announce(e, event_topic::session_created);
    guard->deliver(current(e));
  });
  return promise;
}

terminal_context terminals_state::context_of_terminal() {
  terminal_context c;
  c.place = context_.place;
  c.clock = context_.clock;
  c.config = context_.terminal;
  c.directory = terminals_actor{self_};
  c.spawn = context_.spawn;
  c.histories = context_.histories;
  c.keeper = context_.keeper;
  c.board = context_.board;
  c.keeper_program = context_.keeper_program;
  c.data_dir = context_.data_dir;
  return c;
}

void terminals_state::make_terminal(const terminal_task& task, begun_handler done) {
  const auto id = task.info.id;
  auto spec = supervised(terminal_rules(id),
                         [wanted = context_of_terminal(), task](const child_start& start) {
                           return start.system.spawn(terminal, wanted, task);
                         });
  const auto fail = [done](const failure& why) { done(why); };
  runtime::ask(self_, context_.supervisor.get(), supervisor_deadline, add_child{std::move(spec)})
      .then(
          [this, id, done, fail](const child_handle& made) {
            const auto terminal = caf::actor_cast<terminal_actor>(made.actor);
            self_->monitor(terminal);
            // The terminal starts or takes over its program first, and answers then.
            runtime::ask(self_, terminal, start_deadline, describe_session{})
                .then(
                    [this, id, terminal, done](const session_info& info) {
                      auto& e = sessions_[id.value];
                      e.info = info;
                      e.terminal = terminal;
                      done(info);
                    },
                    fail);
          },
          fail);
}

session_info terminals_state::current(const entry& e) const {
  auto info = e.info;
  if (e.live_offset)
    info.offset = e.live_offset->load(std::memory_order_relaxed);
  if (const auto* usage = is_over(info) ? nullptr : usage_->find(info.warden))
    info.usage = *usage;
  return info;
}

void terminals_state::sample_usage() {
  if (!usage_->is_due())
    return;
  std::vector<usage_question> alive;
  for (const auto& [id, e] : sessions_)
    if (!is_over(e.info) && e.info.warden > 0)
      alive.push_back({e.info.warden, e.info.pid, e.info.created_at});
  usage_->sample(alive);
  if (context_.user_limits.memory == 0)
    return;
  for (const auto& surplus : users_->on_sample(loads())) {
    const auto at = sessions_.find(surplus.id);
    if (at == sessions_.end() || !at->second.terminal)
      continue;
    context_.user_counts->ended.fetch_add(1, std::memory_order_relaxed);
    log_.with_session(surplus.id)
        .warn("user is above the limit of memory; the largest session ends",
              log::kv("user", surplus.owner), log::kv("memory", surplus.memory),
              log::kv("memory_of_user", surplus.memory_of_owner),
              log::kv("limit", context_.user_limits.memory));
    caf::anon_send(at->second.terminal, kill_session{false, "user-memory"});
  }
}

std::vector<session_load> terminals_state::loads() const {
  std::vector<session_load> out;
  for (const auto& [id, e] : sessions_) {
    if (is_over(e.info))
      continue;
    session_load load{id, e.info.owner};
    if (const auto* usage = usage_->find(e.info.warden)) {
      load.processes = std::max<std::uint64_t>(1, usage->processes);
      load.memory = usage->memory_bytes;
    }
    out.push_back(std::move(load));
  }
  return out;
}

void terminals_state::watch_users() {
  sample_usage();
  timers_.after(users_timer, users_check, [this] { watch_users(); });
}

void terminals_state::announce(entry& e, event_topic topic) {
  e.is_announced = true;
  context_.count->store(sessions_.size(), std::memory_order_relaxed);
  tell({topic, current(e)});
}

void terminals_state::tell(const publish_session& what) {
  self_->send(context_.events.get(), what);
  if (const auto archive = context_.archive.get())
    caf::anon_send(archive, what);
  if (const auto recordings = context_.recordings.get())
    caf::anon_send(recordings, what);
}

caf::result<session_handle> terminals_state::on_find(const find_session& x) {
  const auto at = sessions_.find(x.id.value);
  if (at == sessions_.end() || !at->second.is_announced)
    return to_caf({terminal_error::no_such_session, x.id.value});
  if (!at->second.terminal)
    return to_caf({terminal_error::session_ended, "the session was lost"});
  if (x.with_usage)
    sample_usage();
  return session_handle{at->second.terminal, current(at->second)};
}

session_list terminals_state::on_list(const list_sessions& x) {
  if (x.with_usage)
    sample_usage();
  session_list list;
  for (const auto& [id, e] : sessions_)
    if (e.is_announced)
      list.sessions.push_back(current(e));
  std::stable_sort(
      list.sessions.begin(), list.sessions.end(),
      [](const session_info& a, const session_info& b) { return a.created_at < b.created_at; });
  return list;
}

caf::result<session_info> terminals_state::on_forget(const forget_session& x) {
  const auto at = sessions_.find(x.id.value);
  if (at == sessions_.end() || !at->second.is_announced)
    return to_caf({terminal_error::no_such_session, x.id.value});
  const auto info = current(at->second);
  if (!is_over(info))
    return to_caf({terminal_error::command_running, "the session's program still runs"});
  auto promise = self_->make_response_promise<session_info>();
  auto guard = std::make_shared<runtime::promise_guard<session_info>>(promise);
  forget(at, [guard, info] { guard->deliver(info); });
  return promise;
}

void terminals_state::forget(std::map<std::string, entry>::iterator at,
                             const std::function<void()>& done) {
  const auto id = at->second.info.id;
  const auto info = current(at->second);
  // Whoever asked is told when the keeper has forgotten it too: a server that came now would bring
  // the session back otherwise.
  runtime::ask(self_, context_.keeper.get(), start_deadline, forget_program{id})
      .then(
          [done](const program_forgotten&) {
            if (done)
              done();
          },
          [done](const failure&) {
            if (done)
              done();
          });
  if (at->second.terminal) {
    forgotten_.insert(id.value);
    runtime::ask(self_, context_.supervisor.get(), supervisor_deadline, remove_child{child_id(id)})
        .then([this, id](const child_removed&) { forgotten_.erase(id.value); },
              [this, id](const failure& why) {
                forgotten_.erase(id.value);
                log_.with_session(id.value).warn("terminal could not be removed",
                                                 log::kv("why", describe(why).name));
              });
  }
  sessions_.erase(at);
  context_.count->store(sessions_.size(), std::memory_order_relaxed);
  tell({event_topic::session_removed, info});
}

void terminals_state::forget_old() {
  const auto now = context_.clock->now_wall();
  std::vector<std::pair<wall_time, std::string>> ended;
  for (const auto& [id, e] : sessions_)
    if (e.is_announced && e.info.exited_at)
      ended.emplace_back(*e.info.exited_at, id);
  std::sort(ended.begin(), ended.end());
  for (std::size_t i = 0; i < ended.size(); ++i)
    if (now - ended[i].first >= context_.exited_retention || ended.size() - i > context_.max_exited)
      forget(sessions_.find(ended[i].second));
  timers_.after(retention_timer, retention_check, [this] { forget_old(); });
}

void terminals_state::on_changed(const session_changed& x) {
  const auto known = sessions_.find(x.info.id.value);
  if (known == sessions_.end()) {
    if (forgotten_.contains(x.info.id.value))
      return; // said before the terminal heard that it is to go; it must not come back as lost
    // Reported to a directory that was restarted: `recover` asked for it.
    const auto sender = caf::actor_cast<terminal_actor>(self_->current_sender());
    if (!sender)
      return;
    auto& e = sessions_[x.info.id.value];
    e.info = x.info;
    e.terminal = sender;
    e.live_offset = x.live_offset;
    e.is_announced = true;
    context_.count->store(sessions_.size(), std::memory_order_relaxed);
    return;
  }
  auto& e = known->second;
  const bool has_ended = is_over(x.info) && !is_over(e.info);
  e.info = x.info;
  e.live_offset = x.live_offset;
  if (e.is_announced)
    announce(e, has_ended ? event_topic::session_exited : event_topic::session_changed);
}

void terminals_state::on_down(const caf::actor_addr& who) {
  const auto at = std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& item) {
    return item.second.terminal && item.second.terminal.address() == who;
  });
  if (at == sessions_.end())
    return;
  auto& e = at->second;
  e.terminal = nullptr;
  if (forgotten_.contains(at->first))
    return;
  if (e.next) { // it made room for this
    const auto next = std::exchange(e.next, nullptr);
    adopt(next);
  } else if (is_over(e.info)) {
    lost(e);
  } else {
    fetch(e.info.id);
  }
}

void terminals_state::lost(entry& e) {
  caf::anon_send(context_.keeper.get(), forget_program{e.info.id});
  e.info.state = session_state::lost;
  e.info.viewers = 0;
  e.info.holder.reset();
  if (!e.info.exited_at)
    e.info.exited_at = context_.clock->now_wall();
  log_.with_session(e.info.id.value).error("session lost: its terminal ended with a fault");
  if (e.is_announced)
    announce(e, event_topic::session_changed);
}

void terminals_state::fetch(const session_id& id) {
  auto& e = sessions_[id.value];
  if (context_.clock->now() - e.failed_at > failure_window)
    e.failures = 0;
  e.failed_at = context_.clock->now();
  if (++e.failures > most_failures) {
    lost(e);
    return;
  }
  log_.with_session(id.value).error("terminal ended with a fault; the session gets another",
                                    log::kv("failures", e.failures));
  runtime::ask(self_, context_.keeper.get(), start_deadline, fetch_program{id})
      .then([this](const program_ready& x) { adopt(x.what); },
            [this, id](const failure&) {
              if (const auto at = sessions_.find(id.value); at != sessions_.end())
                lost(at->second);
            });
}

// ---- sessions of an earlier server ----

void terminals_state::on_adopt(const adopt_programs& x) {
  adopting_ += x.programs.size();
  for (const auto& program : x.programs) {
    const auto known = sessions_.find(program->id.value);
    if (known != sessions_.end() && known->second.terminal) {
      // The link to the keeper was made anew: this terminal's memory belongs to the new link.
      known->second.next = program;
      self_->send_exit(known->second.terminal, caf::exit_reason::user_shutdown);
      continue;
    }
    adopt(program);
  }
  has_keeper_reported_ = true;
  answer_if_ready();
}

void terminals_state::adopt(const std::shared_ptr<kept_program>& program) {
  terminal_task task;
  task.info.id = program->id;
  task.kept = program;
  sessions_[program->id.value].info.id = program->id;
  make_terminal(task, [this, id = program->id](const result<session_info>& begun) {
    if (begun)
      announce(sessions_[id.value], event_topic::session_changed);
    adopted(id, begun.has_value());
  });
}

void terminals_state::adopted(const session_id& id, bool is_well) {
  if (is_well)
    ++adopted_.adopted;
  else
    ++adopted_.failed;
  if (!is_well)
    if (const auto at = sessions_.find(id.value); at != sessions_.end() && !at->second.terminal) {
      at->second.is_announced = true;
      lost(at->second);
    }
  if (adopting_ > 0)
    --adopting_;
  answer_if_ready();
}

void terminals_state::answer_if_ready() {
  if (!has_keeper_reported_ || adopting_ > 0)
    return;
  for (auto& promise : awaiting_)
    promise.deliver(adopted_);
  awaiting_.clear();
}

caf::result<sessions_ready> terminals_state::on_await(await_sessions) {
  auto promise = self_->make_response_promise<sessions_ready>();
  awaiting_.emplace_back(promise);
  answer_if_ready();
  return promise;
}

terminals_actor::behavior_type terminals(terminals_pointer self, terminals_context context) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_down(x.source); });
  s->start(std::move(context));
  return {
      [s](const create_session& x) { return s->on_create(x); },
      [s](const find_session& x) { return s->on_find(x); },
      [s](list_sessions x) { return s->on_list(x); },
      [s](const forget_session& x) { return s->on_forget(x); },
      [s](const adopt_programs& x) { s->on_adopt(x); },
      [s](await_sessions x) { return s->on_await(x); },
      [s](const session_changed& x) { s->on_changed(x); },
      [s](const timer_fired& x) { s->on_timer(x); },
  };
}

} // namespace roost::terminal
