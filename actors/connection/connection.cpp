#include "actors/connection/connection.hpp"

#include "actors/connection/api/render_channels.hpp"
#include "actors/connection/stream_router.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>

namespace roost::connection {

namespace {

// Looking a session up and attaching are local and quick; past this something is wrong with the
// node.
constexpr std::chrono::seconds attach_deadline{5};
constexpr std::chrono::seconds subscribe_deadline{5};
// On top of a call's own time, in which its channel answers whatever the helper does.
constexpr std::chrono::seconds call_margin{5};

} // namespace

connection_state::~connection_state() {
  for (auto& [number, s] : streams_)
    if (s.terminal)
      caf::anon_send(s.terminal, detach{viewer(number)});
  for (const auto& [id, call] : calls_)
    caf::anon_send(call.channel, cancel_call{call.key});
  if (socket_)
    socket_->close(1011, {}); // a no-op when the socket is gone already
}

void connection_state::start(std::shared_ptr<const connection_context> context, connection_id id,
                             std::shared_ptr<connection_figures> figures, ws_handoff handoff) {
  context_ = std::move(context);
  figures_ = std::move(figures);
  id_ = id;
  who_ = handoff.who;
  correlation_ = handoff.correlation;
  log_ = log::logger(log::context{"connection/" + to_string(id), 0, {}, correlation_});
  log_.info("connection opened", log::kv("address", handoff.address), log::kv("user", who_.label));
  const auto work = std::make_shared<inbound_work>();
  router_ = std::make_shared<stream_router>(caf::actor_cast<caf::weak_actor_ptr>(self_), id,
                                            figures_, context_, work);
  socket_ = ws_stream::make(std::move(handoff), context_->socket, router_, figures_);
  work->serve(socket_);
  socket_->start();
}

// ---- from the socket ----

void connection_state::on_opened() {
  socket_->send_text(render_hello(
      context_->node, id_, {context_->window, context_->socket->max_frame, context_->max_streams}));
}

void connection_state::on_text(const text_received& x) {
  auto message = parse_client_message(x.text);
  if (!message) {
    refuse(std::nullopt, message.error());
    return;
  }
  // A ping shows that a program lives, not that somebody is there.
  if (!std::holds_alternative<ping_message>(*message))
    note_activity();
  ticket_ = x.ticket; // whoever has to wait for an answer takes a copy
  std::visit([this](const auto& m) { handle(m); }, *message);
  ticket_.reset();
}

void connection_state::on_bad_frame(const bad_frame_received& x) {
  const failure why{request_error::bad_frame, x.why};
  refuse(std::nullopt, why);
  socket_->close(describe(why).close_code, x.why);
}

void connection_state::on_refused(const stream_refused& x) { refuse(x.stream, x.why); }

void connection_state::on_socket_closed(const socket_closed& x) {
  log_.info("connection closed", log::kv("code", x.code));
  figures_->close_code.store(x.code, std::memory_order_relaxed);
  self_->quit();
}

void connection_state::refuse(std::optional<std::uint32_t> number, const failure& why) {
  socket_->send_text(render_error(number, why, correlation_));
}

connection_state::stream* connection_state::attached_stream(std::uint32_t number) {
  const auto at = streams_.find(number);
  if (at != streams_.end() && at->second.terminal)
    return &at->second;
  refuse(number, {request_error::no_such_stream, std::to_string(number)});
  return nullptr;
}

void connection_state::handle(const attach_message& x) {
  if (streams_.count(x.stream) > 0)
    return refuse(x.stream, {request_error::stream_in_use, std::to_string(x.stream)});
  if (streams_.size() >= context_->max_streams)
    return refuse(x.stream,
                  {request_error::too_many_streams, std::to_string(context_->max_streams)});
  if (x.mode == viewer_mode::control && !who_.is_at_least(role::operate))
    return refuse(x.stream, {request_error::forbidden, "mode control needs the role operator"});
  if (!who_.may_see(x.session))
    return refuse(x.stream, {terminal_error::no_such_session, x.session.value});

  const auto attempt = ++attempts_;
  streams_[x.stream] = {x.session, {}, attempt, 0, false};
  note_streams();
  runtime::ask(self_, context_->terminals.get(), attach_deadline, find_session{x.session})
      .then([this, x, attempt, ticket = ticket_](
                session_handle& found) { attach_to(x, attempt, found.terminal, ticket); },
            [this, x](const failure& why) {
              streams_.erase(x.stream);
              note_streams();
              refuse(x.stream, why);
            });
}

void connection_state::attach_to(const attach_message& x, std::uint64_t attempt,
                                 const terminal_actor& terminal,
                                 const std::shared_ptr<const void>& ticket) {
  attach request{viewer(x.stream), x.mode, x.cols, x.rows, std::nullopt};
  if (x.since_epoch)
    request.since = resume_point{*x.since_epoch, x.since_offset};
  runtime::ask(self_, terminal, attach_deadline, std::move(request), viewer_actor{self_})
      .then(
          [this, x, attempt, terminal, ticket](const attached& a) {
            const auto at = streams_.find(x.stream);
            if (at == streams_.end() || at->second.attempt != attempt) {
              self_->send(terminal, detach{viewer(x.stream)}); // detached meanwhile
              return;
            }
            at->second.terminal = terminal;
            self_->monitor(terminal);
            socket_->run([router = router_, number = x.stream, terminal] {
              router->open_route(number, terminal);
            });
            attached_view view;
            view.stream = x.stream;
            view.session = x.session.value;
            view.epoch = a.epoch;
            view.offset = a.offset;
            view.live_offset = a.live_offset;
            view.delta = a.delta;
            view.reason = a.reason;
            view.mode = a.mode;
            view.cols = a.cols;
            view.rows = a.rows;
            if (a.holder)
              view.holder = a.holder->connection;
            socket_->send_text(render_attached(view));
            if (a.holder == viewer(x.stream))
              socket_->send_text(render_control(x.stream, a.holder->connection, true));
          },
          [this, x, attempt](const failure& why) {
            const auto at = streams_.find(x.stream);
            if (at != streams_.end() && at->second.attempt == attempt)
              streams_.erase(at);
            note_streams();
            refuse(x.stream, why);
          });
}

/// What the pool may know of the streams.
void connection_state::note_streams() {
  std::uint64_t lag = 0;
  for (const auto& [number, s] : streams_)
    lag += s.lag;
  figures_->lag_bytes.store(lag, std::memory_order_relaxed);
  figures_->streams.store(static_cast<std::uint32_t>(streams_.size()), std::memory_order_relaxed);
}

void connection_state::drop(std::uint32_t number) {
  streams_.erase(number);
  note_streams();
  socket_->run([router = router_, number] { router->close_route(number); });
  socket_->drop_stream(number);
}

void connection_state::handle(const detach_message& x) {
  const auto at = streams_.find(x.stream);
  if (at == streams_.end())
    return refuse(x.stream, {request_error::no_such_stream, std::to_string(x.stream)});
  if (at->second.terminal) {
    self_->demonitor(at->second.terminal.address());
    self_->send(at->second.terminal, detach{viewer(x.stream)});
  }
  drop(x.stream);
}

void connection_state::handle(const resize_message& x) {
  if (const auto* s = attached_stream(x.stream))
    self_->send(s->terminal, viewer_resize{viewer(x.stream), x.cols, x.rows});
}

void connection_state::handle(const take_control_message& x) {
  if (!who_.is_at_least(role::operate))
    return refuse(x.stream, {request_error::forbidden, "taking control needs the role operator"});
  if (const auto* s = attached_stream(x.stream))
    self_->send(s->terminal, take_control{viewer(x.stream)});
}

void connection_state::handle(const refresh_message& x) {
  if (const auto* s = attached_stream(x.stream))
    self_->send(s->terminal, refresh{viewer(x.stream)});
}

void connection_state::handle(const call_message& x) {
  if (!who_.is_at_least(role::operate) || who_.only)
    return socket_->send_text(api::call_refused_frame(
        x.id,
        {request_error::forbidden, "calling a channel needs the role operator, for all sessions"}));
  if (calls_.count(x.id) > 0)
    return refuse(std::nullopt, {request_error::bad_value, "id: this call is not answered yet"});
  const auto channel = context_->channels->find(x.channel);
  if (!channel)
    return socket_->send_text(
        api::call_result_frame(x.id, context_->channels->answer_without(x.channel)));
  if (calls_.size() >= context_->max_calls) {
    call_answer no;
    no.reason = call_reason::overload;
    no.retryable = true;
    return socket_->send_text(api::call_result_frame(x.id, no));
  }
  const auto key = context_->channels->next_key();
  calls_.emplace(x.id, open_call{key, channel});
  runtime::ask(self_, channel,
               call_margin + context_->channels->patience_of(x.channel, x.what.timeout),
               call_channel{key, x.what.method, x.what.params, x.what.timeout, correlation_})
      .then([this, id = x.id, key](const call_answer& with) { finish_call(id, key, with); },
            // It crashed meanwhile.
            [this, id = x.id, key, name = x.channel](const failure&) {
              finish_call(id, key, context_->channels->answer_without(name));
            });
}

void connection_state::finish_call(std::uint64_t id, std::uint64_t key, const call_answer& with) {
  const auto at = calls_.find(id);
  if (at == calls_.end() || at->second.key != key)
    return;
  calls_.erase(at);
  socket_->send_text(api::call_result_frame(id, with));
}

void connection_state::handle(const cancel_message& x) {
  const auto at = calls_.find(x.id);
  if (at != calls_.end()) // else it has been answered, on the way
    self_->send(at->second.channel, cancel_call{at->second.key});
}

void connection_state::handle(const subscribe_message& x) {
  event_filter filter;
  for (const auto& wanted : x.topics) {
    const auto topic = find_topic(wanted);
    if (!topic)
      return refuse(std::nullopt, {request_error::bad_value, "topics: " + wanted});
    filter.topics.push_back(*topic);
  }
  filter.only = who_.only;
  subscription_ = filter;
  runtime::ask(self_, context_->events.get(), subscribe_deadline, subscribe_events{filter},
               event_sink_actor{self_})
      .then([ticket = ticket_](const events_subscribed&) {},
            [this](const failure& why) { refuse(std::nullopt, why); });
}

void connection_state::handle(const ping_message& x) { socket_->send_text(render_pong(x.id)); }

// ---- from terminals ----

void connection_state::on_output(output& x) {
  const auto at = streams_.find(x.stream);
  if (at != streams_.end() && !at->second.is_shed)
    socket_->send_output(x.stream, x.offset, std::move(x.bytes));
}

void connection_state::on_snapshot(const snapshot& x) {
  const auto at = streams_.find(x.stream);
  if (at == streams_.end())
    return;
  at->second.is_shed = false;
  socket_->send_snapshot(x.stream, x.offset, x.reason, x.bytes);
}

void connection_state::on_resized(const resized& x) {
  socket_->send_text(render_resized(x.stream, x.cols, x.rows));
}

void connection_state::on_control(const control_changed& x) {
  socket_->send_text(render_control(x.stream,
                                    x.holder ? std::optional(x.holder->connection) : std::nullopt,
                                    x.holder == viewer(x.stream)));
}

void connection_state::on_exited(const session_exited& x) {
  socket_->send_text(render_exited(x.stream, x.status, x.signal));
}

void connection_state::on_lag(const viewer_lag& x) {
  if (const auto at = streams_.find(x.stream); at != streams_.end())
    at->second.lag = x.bytes;
  note_streams();
  socket_->send_text(render_lag(x.stream, x.bytes));
}

void connection_state::on_terminal_down(const caf::actor_addr& who) {
  for (auto at = streams_.begin(); at != streams_.end();) {
    const auto number = at->first;
    const bool gone = at->second.terminal && at->second.terminal.address() == who;
    const auto session = at->second.session.value;
    ++at;
    if (gone) {
      drop(number);
      refuse(number, {terminal_error::no_such_session, session});
    }
  }
}

// ---- from the event bus and the pool ----

void connection_state::on_event(const event_published& x) { socket_->send_shared_text(x.text); }

void connection_state::on_events_ended(const events_ended& x) {
  // The bus gave up on a slow sink: go on after what was sent.
  subscription_.since = x.last_id;
  runtime::ask(self_, context_->events.get(), subscribe_deadline, subscribe_events{subscription_},
               event_sink_actor{self_})
      .then([](const events_subscribed&) {},
            [this](const failure& why) { refuse(std::nullopt, why); });
}

void connection_state::on_close(const close_connection& x) {
  if (x.code == 1012)
    socket_->send_text(render_draining(static_cast<std::uint64_t>(x.reconnect_after.count())));
  socket_->close(x.code, x.reason);
}

void connection_state::on_shed() {
  log_.warn("memory is short: what waits for this client is dropped",
            log::kv("bytes", figures_->queued_bytes.load(std::memory_order_relaxed)));
  for (auto& [number, s] : streams_) {
    if (!s.terminal || std::exchange(s.is_shed, true))
      continue;
    socket_->drop_stream(number);
    self_->send(s.terminal, shed_viewer{viewer(number)});
  }
}

connection_actor::behavior_type connection(connection_pointer self,
                                           std::shared_ptr<const connection_context> context,
                                           connection_id id,
                                           std::shared_ptr<connection_figures> figures,
                                           const std::shared_ptr<ws_handoff>& handoff) {
  runtime::arm(self);
  auto* s = &self->state;
  self->set_down_handler([s](caf::down_msg& x) { s->on_terminal_down(x.source); });
  s->start(std::move(context), id, std::move(figures), std::move(*handoff));
  return {
      [s](output& x) { s->on_output(x); },
      [s](const snapshot& x) { s->on_snapshot(x); },
      [s](const resized& x) { s->on_resized(x); },
      [s](const control_changed& x) { s->on_control(x); },
      [s](const session_exited& x) { s->on_exited(x); },
      [s](const viewer_lag& x) { s->on_lag(x); },
      [s](const input_refused& x) {
        s->on_refused({x.stream, x.why});
      },
      [s](socket_opened) { s->on_opened(); },
      [s](const text_received& x) { s->on_text(x); },
      [s](const bad_frame_received& x) { s->on_bad_frame(x); },
      [s](const stream_refused& x) { s->on_refused(x); },
      [s](const socket_closed& x) { s->on_socket_closed(x); },
      [s](const event_published& x) { s->on_event(x); },
      [s](const events_ended& x) { s->on_events_ended(x); },
      [s](const close_connection& x) { s->on_close(x); },
      [s](const tell_client& x) { s->on_tell(x); },
      [s](shed_queue) { s->on_shed(); },
  };
}

} // namespace roost::connection
