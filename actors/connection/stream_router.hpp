#pragma once

#include "actors/connection/connection.hpp"
#include "actors/connection/inbound_work.hpp"
#include "actors/connection/ws_stream.hpp"
#include "actors/runtime/scheduler.hpp"
#include "protocols/connection.hpp"
#include "protocols/terminal.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <string>
#include <string_view>
#include <unordered_map>

namespace roost::connection {

/// The socket's side of a connection: turns what the socket says into messages. Input and acks go
/// to the terminal itself, by the stream's route; everything else to the connection's actor.
/// Confined to the socket's thread; holds the actor weakly, so that neither keeps the other alive.
class stream_router final : public ws_listener {
public:
  stream_router(caf::weak_actor_ptr owner, connection_id id,
                std::shared_ptr<connection_figures> figures,
                std::shared_ptr<const connection_context> context,
                std::shared_ptr<inbound_work> work)
      : owner_(std::move(owner)), id_(id), figures_(std::move(figures)),
        context_(std::move(context)), work_(std::move(work)) {}

  void open_route(std::uint32_t stream, terminal_actor terminal) {
    routes_[stream] = std::move(terminal);
  }
  void close_route(std::uint32_t stream) { routes_.erase(stream); }

  void on_open() override { tell(socket_opened{}); }
  void on_text(std::string_view text) override {
    tell(text_received{std::string(text), work_->ticket(text.size())});
  }
  [[nodiscard]] bool has_room() const override { return work_->has_room(); }
  void on_input(const wire::input_frame& frame) override {
    note_activity();
    if (const auto* terminal = route(frame.stream))
      runtime::hand_over(*terminal, input{{id_, frame.stream}, std::string(frame.bytes)});
  }
  void on_ack(const wire::ack_frame& frame) override {
    note_activity();
    if (const auto* terminal = route(frame.stream))
      runtime::hand_over(*terminal, ack{{id_, frame.stream}, frame.offset});
  }
  void on_bad_frame(std::string_view why) override { tell(bad_frame_received{std::string(why)}); }
  void on_closed(std::uint16_t code) override {
    context_->desk->totals().note_closed(code);
    tell(socket_closed{code});
    routes_.clear();
  }

private:
  /// Somebody is there: types, or reads what is new.
  void note_activity() {
    figures_->active_at_ms.store(connection_context::active_now(*context_->time),
                                 std::memory_order_relaxed);
  }

  const terminal_actor* route(std::uint32_t stream) {
    const auto at = routes_.find(stream);
    if (at != routes_.end())
      return &at->second;
    tell(stream_refused{
        stream, {request_error::no_such_stream, std::to_string(stream)}, work_->ticket(0)});
    return nullptr;
  }

  template <class Message>
  void tell(Message message) {
    if (auto strong = caf::actor_cast<connection_actor>(owner_))
      caf::anon_send(strong, std::move(message));
  }

  caf::weak_actor_ptr owner_;
  connection_id id_;
  std::shared_ptr<connection_figures> figures_;
  std::shared_ptr<const connection_context> context_;
  std::shared_ptr<inbound_work> work_;
  std::unordered_map<std::uint32_t, terminal_actor> routes_;
};

} // namespace roost::connection
