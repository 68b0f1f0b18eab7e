#include "actors/connection/events.hpp"

#include "protocols/failures.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>

#include <algorithm>

namespace roost::connection {

namespace {

// What a browser is told to wait before it opens a broken stream again, in front of everything
// else.
constexpr const char* stream_opening = "retry: 2000\n\n";
// A comment: keeps proxies from closing a quiet stream, and finds out who is gone.
constexpr const char* stream_heartbeat = ": still here\n\n";

enum timer_id : std::uint32_t { heartbeat_timer = 1, change_timer = 2 };

const log::logger& logger() {
  static const log::logger instance{log::context{"events", 0, {}, {}}};
  return instance;
}

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

} // namespace

void events_state::open(events_config with) {
  config_ = std::move(with);
  // Ids grow over restarts as well, so that `Last-Event-ID` from an earlier run is never taken for
  // one of this run. Microseconds stay exact in a JSON number until the year 2255.
  const auto started = std::chrono::duration_cast<std::chrono::microseconds>(
      config_.time->now_wall().time_since_epoch());
  log_ = event_log(static_cast<std::uint64_t>(std::max<std::int64_t>(1, started.count())),
                   config_.log);
  gate_ = change_gate(config_.change_interval);
  timers_.after(heartbeat_timer, config_.heartbeat, [this] { beat(); });
}

void events_state::publish(const publish_session& x) {
  if (x.topic == event_topic::session_changed) {
    if (auto now = gate_.offer(x.info, config_.time->now()))
      tell(event_topic::session_changed, *now);
    if (!timers_.is_armed(change_timer))
      timers_.after(change_timer, config_.change_interval, [this] { release_changes(); });
    return;
  }
  gate_.forget(x.info.id);
  tell(x.topic, x.info);
}

void events_state::release_changes() {
  for (const auto& info : gate_.due(config_.time->now()))
    tell(event_topic::session_changed, info);
  if (const auto next = gate_.next_due()) {
    const auto delay = std::max<std::chrono::nanoseconds>(std::chrono::milliseconds(1),
                                                          *next - config_.time->now());
    timers_.after(change_timer, delay, [this] { release_changes(); });
  }
}

void events_state::tell(event_topic topic, const session_info& info) {
  add(topic, info.id,
      api::session_event_text(log_.next_id(), topic, info, config_.node, config_.time->now_wall()));
}

void events_state::publish(const publish_database& x) {
  add(event_topic::database_changed, {},
      api::database_event_text(log_.next_id(), x, config_.time->now_wall()));
}

void events_state::publish(const publish_channel& x) {
  add(event_topic::channel_changed, {},
      api::channel_event_text(log_.next_id(), x, config_.time->now_wall()));
}

void events_state::publish(const publish_pressure& x) {
  add(event_topic::pool_pressure, {},
      api::pressure_event_text(log_.next_id(), x, config_.time->now_wall()));
}

void events_state::add(event_topic topic, const session_id& session, api::event_text text) {
  const logged_event event{log_.next_id(), topic, session, shared(std::move(text.frame)),
                           shared(std::move(text.stream))};
  log_.add(event);
  write_streams(event);
  serve_all();
}

void events_state::write_streams(const logged_event& event) {
  const auto is_gone = [&](const stream_sink& s) {
    if (!wants(s.what, event) || s.write(event.stream))
      return false;
    s.close();
    return true;
  };
  streams_.erase(std::remove_if(streams_.begin(), streams_.end(), is_gone), streams_.end());
}

void events_state::serve_all() {
  std::vector<caf::actor_addr> overtaken;
  for (auto& [address, to] : sinks_)
    if (!serve(address, to))
      overtaken.push_back(address);
  for (const auto& address : overtaken)
    end_sink(address, "the sink is too slow");
}

bool events_state::serve(const caf::actor_addr& address, sink& to) {
  if (to.next_id < log_.oldest_id())
    return false;
  while (to.in_flight < config_.sink_window) {
    const auto* event = log_.at_or_after(to.next_id);
    if (!event)
      return true;
    to.next_id = event->id + 1;
    if (!wants(to.what, *event))
      continue;
    ++to.in_flight;
    to.sent_id = event->id;
    const auto subscription = to.generation;
    runtime::ask(self_, to.to, config_.sink_patience,
                 event_published{event->id, event->topic, event->frame})
        .then(
            [this, address, subscription] {
              const auto at = sinks_.find(address);
              if (at == sinks_.end() || at->second.generation != subscription)
                return;
              --at->second.in_flight;
              if (!serve(address, at->second))
                end_sink(address, "the sink is too slow");
            },
            [this, address, subscription](const failure&) {
              const auto at = sinks_.find(address);
              if (at != sinks_.end() && at->second.generation == subscription)
                end_sink(address, "the sink does not answer");
            });
  }
  return true;
}

void events_state::end_sink(const caf::actor_addr& address, const char* why) {
  const auto at = sinks_.find(address);
  if (at == sinks_.end())
    return;
  logger().warn("event bus drops a sink", log::kv("why", why));
  const auto to = at->second.to;
  const auto last = at->second.sent_id;
  drop_sink(address);
  self_->send(to, events_ended{last});
}

void events_state::drop_sink(const caf::actor_addr& address) {
  const auto at = sinks_.find(address);
  if (at == sinks_.end())
    return;
  self_->demonitor(address);
  sinks_.erase(at);
}

caf::result<events_subscribed> events_state::subscribe(const subscribe_events& x,
                                                       const event_sink_actor& to) {
  const auto address = caf::actor_cast<caf::actor_addr>(to);
  const auto start = log_.resume(x.what.since);
  const events_subscribed answer{log_.next_id() - 1, start.gap};
  if (x.what.topics.empty()) {
    drop_sink(address);
    return answer;
  }
  const auto known = sinks_.find(address);
  if (known == sinks_.end()) {
    if (is_full())
      return to_caf({request_error::at_capacity, "too many watch the events"});
    self_->monitor(to);
  }
  auto& entry = sinks_[address];
  entry = sink{to, x.what, start.next_id, start.next_id - 1, 0, ++generation_};
  // The answer goes out before the events: both travel to the same mailbox, in this order.
  auto promise = self_->make_response_promise<events_subscribed>();
  promise.deliver(answer);
  serve(address, entry);
  return promise;
}

caf::result<events_subscribed> events_state::stream(const stream_events& x) {
  if (is_full())
    return to_caf({request_error::at_capacity, "too many watch the events"});
  const auto start = log_.resume(x.what.since);
  std::string opening = stream_opening;
  if (start.gap)
    opening += api::gap_text(config_.time->now_wall());
  for (const auto* event = log_.at_or_after(start.next_id); event;
       event = log_.at_or_after(event->id + 1))
    if (wants(x.what, *event))
      opening += *event->stream;
  if (x.write(shared(std::move(opening))))
    streams_.push_back({x.what, x.write, x.close});
  else
    x.close();
  return events_subscribed{log_.next_id() - 1, start.gap};
}

void events_state::beat() {
  const auto text = shared(stream_heartbeat);
  const auto is_gone = [&](const stream_sink& s) {
    if (s.write(text))
      return false;
    s.close();
    return true;
  };
  streams_.erase(std::remove_if(streams_.begin(), streams_.end(), is_gone), streams_.end());
  timers_.after(heartbeat_timer, config_.heartbeat, [this] { beat(); });
}

events_actor::behavior_type events(events_actor::stateful_pointer<events_state> self,
                                   events_config config) {
  runtime::arm(self);
  self->set_down_handler([self](caf::down_msg& x) { self->state.drop_sink(x.source); });
  self->state.open(std::move(config));
  return {
      [self](const publish_session& x) { self->state.publish(x); },
      [self](const publish_pressure& x) { self->state.publish(x); },
      [self](const publish_database& x) { self->state.publish(x); },
      [self](const publish_channel& x) { self->state.publish(x); },
      [self](const subscribe_events& x, const event_sink_actor& sink) {
        return self->state.subscribe(x, sink);
      },
      [self](const stream_events& x) { return self->state.stream(x); },
      [self](const timer_fired& x) { self->state.fire(x); },
  };
}

} // namespace roost::connection
