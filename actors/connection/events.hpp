#pragma once

#include "actors/connection/api/render.hpp"
#include "actors/connection/change_gate.hpp"
#include "actors/connection/event_log.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/log.hpp"
#include "protocols/events.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

/// The node's event bus: one actor, owned by the node's supervisor. Renders each event once, keeps
/// the last ones, and gives them to its watchers at their own pace. A watcher costs a place in a
/// table, never a queue: it is a position in the log, and whom the log overtakes is dropped and
/// told so.
namespace roost::connection {

struct events_config {
  std::string node;
  const clock* time = &system_clock::instance(); ///< outlives the actor
  event_log::limits log;
  std::chrono::milliseconds change_interval{100};
  std::chrono::milliseconds heartbeat{15'000};
  std::size_t max_watchers = 1024;
  /// Events that a sink may have been given and not yet handled.
  std::size_t sink_window = 16;
  /// A sink that needs longer for one event is stuck and is dropped.
  std::chrono::milliseconds sink_patience{30'000};
};

class events_state {
public:
  static inline constexpr const char* name = "events";

  explicit events_state(events_actor::pointer owner) : self_(owner), timers_(owner) {}

  void open(events_config with);
  void publish(const publish_session& x);
  void publish(const publish_pressure& x);
  void publish(const publish_database& x);
  void publish(const publish_channel& x);
  caf::result<events_subscribed> subscribe(const subscribe_events& x, const event_sink_actor& sink);
  caf::result<events_subscribed> stream(const stream_events& x);
  void drop_sink(const caf::actor_addr& address);
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  struct sink {
    event_sink_actor to;
    event_filter what;
    std::uint64_t next_id = 0;
    std::uint64_t sent_id = 0;
    std::size_t in_flight = 0;
    std::uint64_t generation = 0; ///< tells answers of an earlier subscription
  };
  struct stream_sink {
    event_filter what;
    std::function<bool(std::shared_ptr<const std::string>)> write;
    std::function<void()> close;
  };

  void tell(event_topic topic, const session_info& info);
  void add(event_topic topic, const session_id& session, api::event_text text);
  void serve_all();
  /// Sends to the sink while its window is open; false when the log has overtaken it.
  bool serve(const caf::actor_addr& address, sink& to);
  void end_sink(const caf::actor_addr& address, const char* why);
  void write_streams(const logged_event& event);
  void beat();
  void release_changes();
  [[nodiscard]] bool is_full() const {
    return sinks_.size() + streams_.size() >= config_.max_watchers;
  }

  events_actor::pointer self_;
  events_config config_;
  runtime::timers<std::remove_pointer_t<events_actor::pointer>> timers_;
  event_log log_{1, {}};
  change_gate gate_{std::chrono::milliseconds(0)};
  std::unordered_map<caf::actor_addr, sink> sinks_;
  std::vector<stream_sink> streams_;
  std::uint64_t generation_ = 0;
};

events_actor::behavior_type events(events_actor::stateful_pointer<events_state> self,
                                   events_config config);

} // namespace roost::connection
