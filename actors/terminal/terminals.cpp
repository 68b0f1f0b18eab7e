#include "actors/terminal/terminals.hpp"

#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>

namespace roost::terminal {

namespace {

constexpr std::uint32_t retention_timer = 1;
constexpr std::chrono::seconds retention_check{5};
// Starting a program is local and takes milliseconds, unless its folder is on a disk that hangs.
constexpr std::chrono::seconds start_deadline{20};
constexpr std::chrono::seconds supervisor_deadline{10};
// 60 bits of randomness in an alphabet that can be read out and double-clicked.
constexpr std::string_view id_alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t id_length = 12;

std::string child_id(const session_id& id) { return "terminal/" + id.value; }

} // namespace

void terminals_state::start(terminals_context context) {
  context_ = std::move(context);
  recover();
  forget_old();
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
  const auto alive = std::count_if(sessions_.begin(), sessions_.end(), [](const auto& item) {
    return item.second.info.state != session_state::exited &&
           item.second.info.state != session_state::lost;
  });
  if (static_cast<std::size_t>(alive) >= context_.max_sessions)
    return to_caf({terminal_error::too_many_sessions, std::to_string(context_.max_sessions)});

  session_info info;
  info.id.value = new_id();
  info.title = x.title;
  info.created_at = context_.clock->now_wall();
  info.size_policy = x.size_policy;
  info.owner = x.owner;
  info.epoch = fmt::format("{:016x}", os_random::instance().next());
  sessions_[info.id.value] = {info, {}, nullptr, false};

  auto request = std::make_shared<spawn_request>();
  request->command = x.command;
  request->cwd = x.cwd;
  request->env = x.env;
  request->cols = x.cols;
  request->rows = x.rows;
  terminal_context wanted{context_.place,         context_.clock, context_.terminal,
                          terminals_actor{self_}, context_.spawn, context_.histories};
  child_rules rules;
  rules.id = child_id(info.id);
  rules.restart = restart_kind::temporary; // a program is not started a second time by itself
  auto spec = supervised(rules, [wanted, info, request](const child_start& start) {
    return start.system.spawn(terminal, wanted, info,
                              std::shared_ptr<const spawn_request>(request));
  });

  auto promise = self_->make_response_promise<session_info>();
  auto guard = std::make_shared<runtime::promise_guard<session_info>>(promise);
  runtime::ask(self_, context_.supervisor.get(), supervisor_deadline, add_child{std::move(spec)})
      .then(
          [this, id = info.id, guard](const child_handle& made) {
            started(id, caf::actor_cast<terminal_actor>(made.actor), *guard);
          },
          [this, id = info.id, guard](const failure& why) {
            sessions_.erase(id.value);
            guard->fail(why);
          });
  return promise;
}

void terminals_state::started(const session_id& id, const terminal_actor& terminal,
                              runtime::promise_guard<session_info>& promise) {
  self_->monitor(terminal);
  auto guard = std::make_shared<runtime::promise_guard<session_info>>(std::move(promise));
  // The terminal starts its program first, and answers then.
  runtime::ask(self_, terminal, start_deadline, describe_session{})
      .then(
          [this, id, terminal, guard](const session_info& info) {
            auto& e = sessions_[id.value];
            e.info = info;
            e.terminal = terminal;
            announce(e, event_topic::session_created);
            guard->deliver(current(e));
          },
          [this, id, guard](const failure& why) {
            sessions_.erase(id.value);
            guard->fail(why);
          });
}

session_info terminals_state::current(const entry& e) const {
  auto info = e.info;
  if (e.live_offset)
    info.offset = e.live_offset->load(std::memory_order_relaxed);
  return info;
}

void terminals_state::announce(entry& e, event_topic topic) {
  e.is_announced = true;
  context_.count->store(sessions_.size(), std::memory_order_relaxed);
  self_->send(context_.events.get(), publish_session{topic, current(e)});
}

caf::result<session_handle> terminals_state::on_find(const find_session& x) {
  const auto at = sessions_.find(x.id.value);
  if (at == sessions_.end() || !at->second.is_announced)
    return to_caf({terminal_error::no_such_session, x.id.value});
  if (!at->second.terminal)
    return to_caf({terminal_error::session_ended, "the session was lost"});
  return session_handle{at->second.terminal, current(at->second)};
}

session_list terminals_state::on_list() {
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
  if (info.state != session_state::exited && info.state != session_state::lost)
    return to_caf({terminal_error::command_running, "the session's program still runs"});
  forget(at);
  return info;
}

void terminals_state::forget(std::map<std::string, entry>::iterator at) {
  const auto id = at->second.info.id;
  const auto info = current(at->second);
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
  self_->send(context_.events.get(), publish_session{event_topic::session_removed, info});
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
    e = {x.info, sender, x.live_offset, true};
    context_.count->store(sessions_.size(), std::memory_order_relaxed);
    return;
  }
  auto& e = known->second;
  const bool has_ended =
      x.info.state == session_state::exited && e.info.state != session_state::exited;
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
  e.info.state = session_state::lost;
  e.info.viewers = 0;
  e.info.holder.reset();
  if (!e.info.exited_at)
    e.info.exited_at = context_.clock->now_wall();
  log_.with_session(at->first).error("session lost: its terminal ended with a fault");
  announce(e, event_topic::session_changed);
}

terminals_actor::behavior_type terminals(terminals_pointer self, terminals_context context) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_down(x.source); });
  s->start(std::move(context));
  return {
      [s](const create_session& x) { return s->on_create(x); },
      [s](const find_session& x) { return s->on_find(x); },
      [s](list_sessions) { return s->on_list(); },
      [s](const forget_session& x) { return s->on_forget(x); },
      [s](const session_changed& x) { s->on_changed(x); },
      [s](const timer_fired& x) { s->on_timer(x); },
  };
}

} // namespace roost::terminal
