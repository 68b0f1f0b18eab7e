#include "actors/connection/connections.hpp"

#include "actors/connection/client_address.hpp"
#include "actors/database/archive/write_queue.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace roost::connection {

namespace {

enum timer_id : std::uint32_t { drain_timer = 1, look_timer = 2 };

// Clients of a restarting server come back spread over this long for each of them, so that the new
// one meets no more than 100 a second; a few at least so late that it has begun to start.
constexpr std::uint64_t reconnect_least_ms = 200;
constexpr std::uint64_t reconnect_each_ms = 10;
constexpr std::uint64_t reconnect_spread_least_ms = 500;
constexpr std::uint64_t reconnect_spread_most_ms = 30'000;
// An attack must not fill the log as well.
constexpr std::chrono::seconds refusal_log_interval{10};

std::shared_ptr<const std::string> shared_text(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

} // namespace

connections_state::~connections_state() {
  for (const auto& [id, actor] : open_)
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

void connections_state::start(pool_context context) {
  context_ = std::move(context);
  shared_ = std::make_shared<const connection_context>(context_.connection);
  watch_ = std::make_unique<pool_watch>(context_.desk, context_.settings.watch, context_.histories,
                                        *context_.time);
  diary_.emplace(context_.log);
  log_ = log::logger(log::context{name, 0, {}, {}});
  timers_.after(look_timer, pool_watch::step, [this] { look(); });
}

void connections_state::on_open(const open_connection& x) {
  if (is_draining_)
    return; // dropping the handoff closes the socket; the listener is closed by now
  const auto id = next_id_++;
  auto figures = std::make_shared<connection_figures>();
  figures->active_at_ms.store(connection_context::active_now(*context_.time));
  const auto& from = *x.handoff;
  watch_->add({id, from.who.label, from.who.token_id, from.address, client_key(from.address),
               from.is_local, figures});
  diary_->opened(id, from.who.label, from.address, context_.time->now_wall(), figures);
  connection_totals::add(context_.desk->totals().opened);
  auto actor = self_->spawn(connection, shared_, connection_id{id}, std::move(figures), x.handoff);
  self_->monitor(actor);
  ids_.emplace(actor.id(), id);
  open_.emplace(id, std::move(actor));
}

void connections_state::on_down(const caf::actor_addr& who) {
  const auto at = ids_.find(who.id());
  if (at == ids_.end())
    return;
  watch_->remove(at->second);
  diary_->closed(at->second, context_.time->now_wall());
  open_.erase(at->second);
  ids_.erase(at);
  if (is_draining_ && open_.empty())
    answer_drain();
}

// ---- watching ----

void connections_state::look() {
  context_.desk->expire();
  const auto found = watch_->look();
  for (const auto& what : found.orders)
    act(what);
  if (found.change)
    announce(*found.change);
  log_refusals();
  write_down();
  timers_.after(look_timer, pool_watch::step, [this] { look(); });
}

void connections_state::act(const pool_watch::order& what) {
  using kind = pool_watch::order::kind;
  const auto* to = find(what.id);
  if (to == nullptr)
    return;
  switch (what.what) {
  case kind::warn_idle:
    self_->send(*to, tell_client{shared_text(render_idle_warning(what.seconds))});
    return;
  case kind::end_idle:
    self_->send(*to, close_connection{4408, "nobody typed or read for a while", {}});
    return;
  case kind::pressure:
    self_->send(*to, tell_client{shared_text(render_pressure(
                         what.pressure.level, what.pressure.used, what.pressure.capacity))});
    return;
  case kind::shed:
    self_->send(*to, shed_queue{});
    return;
  }
}

void connections_state::announce(const pressure_state& now) {
  const auto gauge = std::string(now.gauge);
  if (now.level > 0)
    log_.warn("connections are under pressure", log::kv("level", now.level),
              log::kv("gauge", gauge), log::kv("used", now.used),
              log::kv("capacity", now.capacity));
  else
    log_.info("connections are at ease again", log::kv("gauge", gauge));
  self_->send(context_.connection.events.get(),
              publish_pressure{now.level, gauge, now.used, now.capacity});
}

void connections_state::log_refusals() {
  std::uint64_t refused = 0;
  for (const auto& one : context_.desk->totals().refused)
    refused += one.load(std::memory_order_relaxed);
  const auto now = context_.time->now();
  if (refused == refused_ || now - refusals_logged_ < refusal_log_interval)
    return;
  log_.warn("clients were refused", log::kv("number", refused - refused_),
            log::kv("see", "GET /api/v1/connections"));
  refused_ = refused;
  refusals_logged_ = now;
}

void connections_state::write_down() {
  context_.unlogged->store(diary_->passed_over(), std::memory_order_relaxed);
  auto records = diary_->take();
  const auto archive = context_.archive.get();
  if (records.empty() || !archive)
    return;
  auto batch = std::make_shared<database::record_batch>();
  batch->records = std::move(records);
  caf::anon_send(archive, keep_records{std::move(batch)});
}

const connection_actor* connections_state::find(std::uint64_t id) const {
  const auto at = open_.find(id);
  return at == open_.end() ? nullptr : &at->second;
}

// ---- asked from outside ----

caf::result<connection_ending> connections_state::on_end(const end_connection& x) {
  const auto* found = find(x.id);
  if (found == nullptr)
    return to_caf({request_error::not_found, "there is no connection with this id"});
  self_->send(*found, close_connection{1008, "closed by an administrator", {}});
  return connection_ending{};
}

pool_seen connections_state::on_look(const look_at_pool& x) {
  return {std::make_shared<const pool_report>(watch_->report(x.with_rows))};
}

void connections_state::on_reload(const reload_pool& x) {
  context_.settings = *x.settings;
  context_.desk->set_limits(x.settings->limits);
  watch_->set(x.settings->watch);
}

caf::result<connections_drained> connections_state::on_drain(const drain_connections& x) {
  is_draining_ = true;
  context_.desk->drain();
  auto promise = self_->make_response_promise<connections_drained>();
  drained_ = runtime::promise_guard<connections_drained>(promise);
  const auto spread = std::clamp(reconnect_each_ms * open_.size(), reconnect_spread_least_ms,
                                 reconnect_spread_most_ms);
  for (const auto& [id, actor] : open_) {
    const auto after = reconnect_least_ms + context_.random->between(0, spread);
    self_->send(actor,
                close_connection{1012, "the server restarts", std::chrono::milliseconds(after)});
  }
  if (open_.empty())
    answer_drain();
  else
    timers_.after(drain_timer, x.timeout, [this] { answer_drain(); });
  return promise;
}

void connections_state::answer_drain() {
  timers_.cancel(drain_timer);
  write_down();
  drained_.deliver({open_.size()});
}

connections_actor::behavior_type connections(connections_pointer self, pool_context context) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_down(x.source); });
  s->start(std::move(context));
  return {
      [s](const open_connection& x) { s->on_open(x); },
      [s](const end_connection& x) { return s->on_end(x); },
      [s](const look_at_pool& x) { return s->on_look(x); },
      [s](const reload_pool& x) { s->on_reload(x); },
      [s](const drain_connections& x) { return s->on_drain(x); },
      [s](const timer_fired& x) { s->on_timer(x); },
  };
}

} // namespace roost::connection
