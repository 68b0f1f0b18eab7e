#pragma once

#include "protocols/channel_types.hpp"
#include "protocols/database_types.hpp"
#include "protocols/ids.hpp"
#include "protocols/runtime.hpp"
#include "protocols/terminal.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The vocabulary of the event bus: what the node's actors tell it, and what those hear who watch
/// (`GET /events`, and `subscribe` on a WebSocket). All of it stays on the node.
namespace roost {

enum class event_topic : std::uint8_t {
  session_created,
  session_changed,
  session_exited,
  session_removed,
  pool_pressure,
  database_changed,
  channel_changed,
};

/// Every topic with the name it has in JSON and in queries.
inline constexpr std::array<std::pair<event_topic, std::string_view>, 7> event_topics = {{
    {event_topic::session_created, "session.created"},
    {event_topic::session_changed, "session.changed"},
    {event_topic::session_exited, "session.exited"},
    {event_topic::session_removed, "session.removed"},
    {event_topic::pool_pressure, "pool.pressure"},
    {event_topic::database_changed, "database.changed"},
    {event_topic::channel_changed, "channel.changed"},
}};

constexpr std::string_view to_string(event_topic topic) {
  for (const auto& [value, name] : event_topics)
    if (value == topic)
      return name;
  return "unknown";
}

/// The topic with this name, if there is one.
constexpr std::optional<event_topic> find_topic(std::string_view wanted) {
  for (const auto& [value, name] : event_topics)
    if (name == wanted)
      return value;
  return std::nullopt;
}

/// What a watcher wants to hear.
struct event_filter {
  std::vector<event_topic> topics; ///< empty: nothing
  std::optional<session_id> only;  ///< events of this session alone
  std::optional<std::uint64_t>
      since; ///< replays what is held after this id; default: only new ones
};

/// A session is new, has changed, has exited or is gone from the list. `info` is the session as
/// lists show it after the event (before it, for session_removed).
struct publish_session {
  event_topic topic = event_topic::session_changed;
  session_info info;
};

/// The connections are nearly as many as there may be, or no longer. See connection::pressure.
struct publish_pressure {
  int level = 0;     ///< 0, 1, 2
  std::string gauge; ///< what is tightest
  std::uint64_t used = 0;
  std::uint64_t capacity = 0;
};

/// The database's state is another one. See database::init_machine.
struct publish_database {
  database_state state = database_state::idle;
  std::string reason; ///< for people
  database_backend backend = database_backend::sqlite;
};

/// A channel's breaker has changed. See channel::breaker.
struct publish_channel {
  std::string name;
  channel_transition change;
  std::chrono::milliseconds retry_after{0}; ///< when it has opened
};

/// Asks for events as messages. A sink has one filter; a later one replaces it, an empty one ends
/// it.
struct subscribe_events {
  event_filter what;
};

/// Where the subscription starts.
struct events_subscribed {
  std::uint64_t last_id = 0; ///< the newest event's id; ids only grow, also over restarts
  bool gap = false;          ///< events after `since` are no longer held: read the lists anew
};

/// One event. `text` is the whole WebSocket text frame (`{"type":"event","topic":…,"at":…,…}`),
/// rendered once and shared by all sinks.
struct event_published {
  std::uint64_t id = 0;
  event_topic topic = event_topic::session_changed;
  std::shared_ptr<const std::string> text;
};

/// The bus has dropped the sink because it did not take its events in time. A sink that still wants
/// events subscribes again, with `since` = `last_id`.
struct events_ended {
  std::uint64_t last_id = 0; ///< the newest event that was sent to this sink
};

/// Asks for events as a Server-Sent Events stream. The bus formats, and writes a comment as
/// heartbeat. `write` may be called from any thread; it returns false when the stream is closed or
/// cannot take more, and the bus then calls `close` and forgets it. Neither may throw.
struct stream_events {
  event_filter what;
  std::function<bool(std::shared_ptr<const std::string>)> write;
  std::function<void()> close;
};

/// Whoever hears events as messages. The bus asks, it does not tell: the empty answer that CAF
/// gives for a handler that returns nothing is the credit for the next event.
using event_sink_actor = caf::typed_actor<
    // Something happened.
    caf::reacts_to<event_published>,
    // No more events come on this subscription.
    caf::reacts_to<events_ended>>;

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_events, caf::first_custom_type_id + 300)
CAF_ADD_TYPE_ID(roost_events, (roost::publish_session))
CAF_ADD_TYPE_ID(roost_events, (roost::subscribe_events))
CAF_ADD_TYPE_ID(roost_events, (roost::events_subscribed))
CAF_ADD_TYPE_ID(roost_events, (roost::event_published))
CAF_ADD_TYPE_ID(roost_events, (roost::events_ended))
CAF_ADD_TYPE_ID(roost_events, (roost::stream_events))
CAF_ADD_TYPE_ID(roost_events, (roost::event_sink_actor))
CAF_ADD_TYPE_ID(roost_events, (roost::publish_pressure))
CAF_ADD_TYPE_ID(roost_events, (roost::publish_database))
CAF_ADD_TYPE_ID(roost_events, (roost::publish_channel))
CAF_END_TYPE_ID_BLOCK(roost_events)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::publish_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::subscribe_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::events_subscribed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::event_published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::events_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::stream_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::publish_pressure)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::publish_database)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::publish_channel)

namespace roost {

/// The node's event bus. One per node; knows the last events, so that watchers can resume.
using events_actor = caf::typed_actor<
    // A session's life, from the directory.
    caf::reacts_to<publish_session>,
    // How full the pool of connections is, from the pool.
    caf::reacts_to<publish_pressure>,
    // The database's state, from its initializer.
    caf::reacts_to<publish_database>,
    // What a channel's breaker did, from the channel.
    caf::reacts_to<publish_channel>,
    // Starts, changes or (empty filter) ends a sink's subscription.
    caf::replies_to<subscribe_events, event_sink_actor>::with<events_subscribed>,
    // Starts a stream of text.
    caf::replies_to<stream_events>::with<events_subscribed>,
    // Its own heartbeat and coalescing.
    caf::reacts_to<timer_fired>>;

} // namespace roost
