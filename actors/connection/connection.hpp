#pragma once

#include "actors/channel/directory.hpp"
#include "actors/connection/principal.hpp"
#include "actors/connection/ws_handoff.hpp"
#include "actors/connection/ws_messages.hpp"
#include "actors/connection/ws_stream.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "protocols/connection.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace roost::connection {

/// What all WebSocket connections of a node share.
struct connection_context {
  std::string node;
  std::shared_ptr<const ws_config> socket;
  std::size_t max_streams = 64;
  std::uint64_t window = std::uint64_t{1} << 20; ///< told to clients; the terminals keep it
  runtime::handle_slot<terminals_actor> terminals;
  runtime::handle_slot<events_actor> events;
  std::shared_ptr<channel::directory> channels =
      std::make_shared<channel::directory>(system_clock::instance());
  std::size_t max_calls = 64;                    ///< of a client that are not answered yet
  std::shared_ptr<pool_desk> desk;               ///< for its totals
  const clock* time = &system_clock::instance(); ///< outlives the connections

  /// The monotonic clock as connection_figures keep it.
  static std::int64_t active_now(const clock& time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.now().time_since_epoch())
        .count();
  }
};

class connection_state;
using connection_pointer = connection_actor::stateful_pointer<connection_state>;

class stream_router;

/// One WebSocket: parses control frames, attaches streams to terminals and forwards what they send.
/// What a person types does not pass through here: the socket's side sends it straight to the
/// terminal, by the routes that this actor keeps up to date. Ends with its socket, and its socket
/// with it. All members run in the actor's context.
class connection_state {
public:
  static constexpr const char* name = "connection";

  explicit connection_state(connection_pointer self) : self_(self) {}
  ~connection_state();
  connection_state(const connection_state&) = delete;
  connection_state& operator=(const connection_state&) = delete;

  void start(std::shared_ptr<const connection_context> context, connection_id id,
             std::shared_ptr<connection_figures> figures, ws_handoff handoff);

  // From the socket.
  void on_opened();
  void on_text(const text_received& x);
  void on_bad_frame(const bad_frame_received& x);
  void on_refused(const stream_refused& x);
  void on_socket_closed(const socket_closed& x);
  // From terminals.
  void on_output(output& x);
  void on_snapshot(const snapshot& x);
  void on_resized(const resized& x);
  void on_control(const control_changed& x);
  void on_exited(const session_exited& x);
  void on_lag(const viewer_lag& x);
  void on_terminal_down(const caf::actor_addr& who);
  // From the event bus and the pool.
  void on_event(const event_published& x);
  void on_events_ended(const events_ended& x);
  void on_close(const close_connection& x);
  void on_tell(const tell_client& x) { socket_->send_shared_text(x.text); }
  void on_shed();

private:
  struct stream {
    session_id session;
    terminal_actor terminal; ///< empty while attaching
    std::uint64_t attempt = 0;
    std::uint64_t lag = 0;
    bool is_shed = false; ///< its queue was dropped: nothing before the next snapshot fits
  };

  void handle(const attach_message& x);
  void handle(const detach_message& x);
  void handle(const resize_message& x);
  void handle(const take_control_message& x);
  void handle(const refresh_message& x);
  void handle(const call_message& x);
  void handle(const cancel_message& x);
  /// The client's call has its answer.
  void finish_call(std::uint64_t id, std::uint64_t key, const call_answer& with);
  void handle(const subscribe_message& x);
  void handle(const ping_message& x);

  void attach_to(const attach_message& x, std::uint64_t attempt, const terminal_actor& terminal,
                 const std::shared_ptr<const void>& ticket);
  void drop(std::uint32_t number);
  void note_streams();
  void note_activity() {
    figures_->active_at_ms.store(connection_context::active_now(*context_->time));
  }
  void refuse(std::optional<std::uint32_t> number, const failure& why);
  /// The attached stream with this number; tells the client when there is none.
  stream* attached_stream(std::uint32_t number);
  [[nodiscard]] viewer_id viewer(std::uint32_t number) const { return {id_, number}; }

  connection_pointer self_;
  std::shared_ptr<const connection_context> context_;
  connection_id id_;
  principal who_;
  std::string correlation_;
  log::logger log_;
  std::shared_ptr<connection_figures> figures_;
  std::shared_ptr<ws_stream> socket_;
  std::shared_ptr<stream_router> router_;
  std::map<std::uint32_t, stream> streams_;
  struct open_call {
    std::uint64_t key = 0; ///< for cancel_call
    channel_actor channel;
  };
  std::map<std::uint64_t, open_call> calls_; ///< by the client's id
  std::uint64_t attempts_ = 0;
  event_filter subscription_;
  std::shared_ptr<const void> ticket_; ///< of the wish that is being handled
};

/// The actor's function; the pool spawns it.
connection_actor::behavior_type connection(connection_pointer self,
                                           std::shared_ptr<const connection_context> context,
                                           connection_id id,
                                           std::shared_ptr<connection_figures> figures,
                                           const std::shared_ptr<ws_handoff>& handoff);

} // namespace roost::connection
