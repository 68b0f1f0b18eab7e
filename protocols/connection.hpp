#pragma once

#include "protocols/events.hpp"
#include "protocols/ids.hpp"
#include "protocols/runtime.hpp"
#include "protocols/terminal.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

/// The vocabulary of WebSocket connections. All of it stays on the node.
namespace roost {

namespace connection {
struct ws_handoff;
struct pool_report;
struct pool_settings;
} // namespace connection

/// The socket is open: the 101 was sent.
struct socket_opened {};
/// A text frame from the client, still unparsed.
struct text_received {
  std::string text;
  std::shared_ptr<const void> ticket; ///< let go of when the client has its answer
};
/// The client sent something that cannot be understood; the connection ends.
struct bad_frame_received {
  std::string why;
};
/// The client used a stream number that is not attached, or may not type on it.
struct stream_refused {
  std::uint32_t stream = 0;
  failure why;
  std::shared_ptr<const void> ticket{}; ///< as in text_received
};
/// The socket is gone.
struct socket_closed {
  std::uint16_t code = 1006; ///< of the close frame; 1006: there was none
};

/// Ends a connection with a close frame; 1012 tells the client first when to come back.
struct close_connection {
  std::uint16_t code = 1001;
  std::string reason;
  std::chrono::milliseconds reconnect_after{0};
};
/// A text frame for the client, rendered once for all who get it.
struct tell_client {
  std::shared_ptr<const std::string> text;
};
/// Memory is short and this connection holds much of it: drop what waits for the client; its
/// viewers get snapshots when they read again.
struct shed_queue {};

/// An upgrade that passed every check, for the pool to take over.
struct open_connection {
  std::shared_ptr<connection::ws_handoff> handoff;
};
/// Closes one connection, as an administrator wishes.
struct end_connection {
  std::uint64_t id = 0;
};
/// It is being closed.
struct connection_ending {};
/// Asks how the pool does. @see connection::pool_report.
struct look_at_pool {
  bool with_rows = false; ///< each connection, too
};
/// An immutable report.
struct pool_seen {
  std::shared_ptr<const connection::pool_report> report;
};
/// The configuration was read again.
struct reload_pool {
  std::shared_ptr<const connection::pool_settings> settings;
};
/// Ends all connections and takes no new one; answers when they are gone or the time is over.
struct drain_connections {
  std::chrono::milliseconds timeout{0};
};
/// What is left of the connections.
struct connections_drained {
  std::uint64_t left = 0;
};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_connection, caf::first_custom_type_id + 200)
CAF_ADD_TYPE_ID(roost_connection, (roost::socket_opened))
CAF_ADD_TYPE_ID(roost_connection, (roost::text_received))
CAF_ADD_TYPE_ID(roost_connection, (roost::bad_frame_received))
CAF_ADD_TYPE_ID(roost_connection, (roost::stream_refused))
CAF_ADD_TYPE_ID(roost_connection, (roost::socket_closed))
CAF_ADD_TYPE_ID(roost_connection, (roost::close_connection))
CAF_ADD_TYPE_ID(roost_connection, (roost::open_connection))
CAF_ADD_TYPE_ID(roost_connection, (roost::drain_connections))
CAF_ADD_TYPE_ID(roost_connection, (roost::connections_drained))
CAF_ADD_TYPE_ID(roost_connection, (roost::tell_client))
CAF_ADD_TYPE_ID(roost_connection, (roost::shed_queue))
CAF_ADD_TYPE_ID(roost_connection, (roost::end_connection))
CAF_ADD_TYPE_ID(roost_connection, (roost::connection_ending))
CAF_ADD_TYPE_ID(roost_connection, (roost::look_at_pool))
CAF_ADD_TYPE_ID(roost_connection, (roost::pool_seen))
CAF_ADD_TYPE_ID(roost_connection, (roost::reload_pool))
CAF_END_TYPE_ID_BLOCK(roost_connection)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::socket_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::text_received)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::bad_frame_received)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::stream_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::socket_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::close_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::open_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::drain_connections)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::connections_drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::tell_client)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::shed_queue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::end_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::connection_ending)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::look_at_pool)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::pool_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::reload_pool)

namespace roost {

/// One WebSocket: a viewer of its streams' sessions and a sink of events. Owned by the pool; ends
/// with its socket.
using connection_actor = viewer_actor::extend<
    // From its socket.
    caf::reacts_to<socket_opened>, caf::reacts_to<text_received>,
    caf::reacts_to<bad_frame_received>, caf::reacts_to<stream_refused>,
    caf::reacts_to<socket_closed>,
    // From the event bus.
    caf::reacts_to<event_published>, caf::reacts_to<events_ended>,
    // From the pool.
    caf::reacts_to<close_connection>, caf::reacts_to<tell_client>, caf::reacts_to<shed_queue>>;

/// All WebSocket connections of a node.
using connections_actor = caf::typed_actor<
    // Takes an upgrade over.
    caf::reacts_to<open_connection>,
    // Closes one; request_error::not_found when there is none with this id.
    caf::replies_to<end_connection>::with<connection_ending>,
    // Says how they do.
    caf::replies_to<look_at_pool>::with<pool_seen>,
    // Goes by new limits; whoever is in stays in.
    caf::reacts_to<reload_pool>,
    // Ends them all.
    caf::replies_to<drain_connections>::with<connections_drained>, caf::reacts_to<timer_fired>>;

} // namespace roost
