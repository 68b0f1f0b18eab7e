#include "actors/connection/connections.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace roost::connection {

namespace {

constexpr std::uint32_t drain_timer = 1;
// Clients come back spread over this long, so that a restarted server does not meet all at once.
constexpr std::uint64_t reconnect_spread_ms = 2000;
constexpr std::uint64_t reconnect_least_ms = 200;

} // namespace

connections_state::~connections_state() {
  for (const auto& c : open_)
    caf::anon_send_exit(c, caf::exit_reason::user_shutdown);
}

void connections_state::start(connection_context context,
                              std::shared_ptr<std::atomic<std::uint64_t>> count) {
  context_ = std::move(context);
  count_ = std::move(count);
}

void connections_state::on_open(const open_connection& x) {
  if (is_draining_)
    return; // dropping the handoff closes the socket; the listener is closed by now
  auto c = self_->spawn(connection, context_, connection_id{next_id_++}, x.handoff);
  self_->monitor(c);
  open_.insert(c);
  count_->store(open_.size(), std::memory_order_relaxed);
}

void connections_state::on_down(const caf::actor_addr& who) {
  std::erase_if(open_, [&](const connection_actor& c) { return c.address() == who; });
  count_->store(open_.size(), std::memory_order_relaxed);
  if (is_draining_ && open_.empty())
    answer_drain();
}

caf::result<connections_drained> connections_state::on_drain(const drain_connections& x) {
  is_draining_ = true;
  auto promise = self_->make_response_promise<connections_drained>();
  drained_ = runtime::promise_guard<connections_drained>(promise);
  std::uint64_t index = 0;
  for (const auto& c : open_) {
    const auto after = reconnect_least_ms + reconnect_spread_ms * index++ / open_.size();
    self_->send(c, close_connection{1012, std::chrono::milliseconds(after)});
  }
  if (open_.empty())
    answer_drain();
  else
    timers_.after(drain_timer, x.timeout, [this] { answer_drain(); });
  return promise;
}

void connections_state::answer_drain() {
  timers_.cancel(drain_timer);
  drained_.deliver({open_.size()});
}

connections_actor::behavior_type connections(connections_pointer self, connection_context context,
                                             std::shared_ptr<std::atomic<std::uint64_t>> count) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_down(x.source); });
  s->start(std::move(context), std::move(count));
  return {
      [s](const open_connection& x) { s->on_open(x); },
      [s](const drain_connections& x) { return s->on_drain(x); },
      [s](const timer_fired& x) { s->on_timer(x); },
  };
}

} // namespace roost::connection
