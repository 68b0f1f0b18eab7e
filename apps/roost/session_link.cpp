#include "apps/roost/session_link.hpp"

#include <boost/json/serialize.hpp>

#include "apps/roost/json_read.hpp"
#include "apps/roost/problem.hpp"

namespace roost::cli {

namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t stream_number = 1;
constexpr std::size_t input_frame_max = 32U << 10U;
constexpr std::size_t queue_high = 64U << 10U; // queued input past which we stop reading more
constexpr std::size_t kept_max = 1U << 20U;    // input kept while the connection is away
constexpr std::uint64_t ack_every = 64U << 10U;
constexpr milliseconds ack_idle{50};
constexpr std::string_view connection_lost = "connection lost";
constexpr std::chrono::seconds hurry_every{1};   // how often a person may cut a delay short
constexpr std::chrono::seconds stable_after{10}; // a connection that lived so long was a success

} // namespace

session_link::session_link(boost::asio::io_context& io, link_options options, link_events events)
    : io_(io), options_(std::move(options)), events_(std::move(events)),
      policy_(os_random::instance()), retry_timer_(io), ack_timer_(io) {}

session_link::~session_link() { drop_socket(); }

void session_link::start() { connect(); }

void session_link::connect() {
  ws_events events;
  events.on_open = [this] { on_open(); };
  events.on_text = [this](std::string_view text) { on_text(text); };
  events.on_binary = [this](std::string_view bytes) { on_binary(bytes); };
  events.on_writable = [this] {
    if (events_.on_writable)
      events_.on_writable();
  };
  events.on_end = [this](const ws_end& end) { on_socket_end(end); };
  socket_ = make_ws_client(io_, options_.address, std::move(events));
  socket_->start(options_.token);
}

void session_link::on_open() {
  boost::json::object message{{"type", "attach"},
                              {"stream", stream_number},
                              {"session", options_.session},
                              {"cols", options_.size.columns},
                              {"rows", options_.size.rows},
                              {"mode", options_.mode == viewing::view ? "view" : "control"}};
  if (const auto& since = was_attached_ ? stream_.position() : options_.since)
    message["since"] = boost::json::object{{"epoch", since->epoch}, {"offset", since->offset}};
  send_json(message);
}

bool session_link::is_mine(const boost::json::object& message) const {
  return number_field(message, "stream") == stream_number;
}

void session_link::on_text(std::string_view text) {
  const auto message = read_object(text);
  if (!message)
    return finish({{},
                   command_failure{exit_status::no,
                                   "the server sent a broken message",
                                   options_.address.shown(),
                                   "",
                                   {}}});
  const auto type = text_field(*message, "type");
  if (type == "hello") {
    connection_ = text_field(*message, "connection");
  } else if (type == "attached" && is_mine(*message)) {
    on_attached_message(*message);
  } else if (type == "resized" && is_mine(*message)) {
    if (events_.on_resized)
      events_.on_resized({static_cast<unsigned>(number_field(*message, "cols").value_or(80)),
                          static_cast<unsigned>(number_field(*message, "rows").value_or(24))});
  } else if (type == "control" && is_mine(*message)) {
    stream_.holder_changed(
        flag_field(*message, "you")
            .value_or(!connection_.empty() && text_field(*message, "holder") == connection_));
  } else if (type == "exited" && is_mine(*message)) {
    finish({*message, {}});
  } else if (type == "idle_warning") {
    if (events_.on_notice)
      events_.on_notice("this connection has been idle and will be closed in " +
                        std::to_string(number_field(*message, "seconds").value_or(0)) + " s");
  } else if (type == "draining") {
    drain_hint_ = milliseconds(number_field(*message, "reconnect_after_ms").value_or(0));
  } else if (type == "error") {
    on_error_message(*message);
  }
  // All else (lag, pressure, event, pong, …) is for other clients.
}

void session_link::on_attached_message(const boost::json::object& message) {
  attached_facts facts;
  facts.start.epoch = text_field(message, "epoch");
  facts.start.offset = static_cast<std::uint64_t>(number_field(message, "offset").value_or(0));
  facts.live_offset = static_cast<std::uint64_t>(
      number_field(message, "live_offset").value_or(static_cast<std::int64_t>(facts.start.offset)));
  facts.is_holder =
      flag_field(message, "you")
          .value_or(!connection_.empty() && text_field(message, "holder") == connection_);
  stream_.attached(facts);

  link_attached news;
  news.is_first = !was_attached_;
  news.is_snapshot = text_field(message, "how") == "snapshot";
  news.is_holder = facts.is_holder;
  news.mode = text_field(message, "mode") == "view" ? viewing::view : viewing::control;
  news.size = {static_cast<unsigned>(number_field(message, "cols").value_or(80)),
               static_cast<unsigned>(number_field(message, "rows").value_or(24))};
  if (news.is_snapshot)
    stream_.expect_snapshot();
  was_attached_ = true;
  is_attached_ = true;
  attached_at_ = std::chrono::steady_clock::now();
  if (events_.on_attached)
    events_.on_attached(news);
  if (!kept_input_.empty())
    send_input_frames(std::exchange(kept_input_, {}));
  if (events_.on_writable)
    events_.on_writable();
}

void session_link::on_error_message(const boost::json::object& message) {
  auto failure = problem_from_frame(message);
  // Once attached, an error is about one message; before, it is the answer to `attach`.
  if (is_attached_) {
    if (events_.on_notice)
      events_.on_notice(failure.what);
    return;
  }
  finish({{}, std::move(failure)});
}

void session_link::on_binary(std::string_view bytes) {
  wire::frame frame;
  if (wire::decode(bytes, frame) != wire::decode_status::ok)
    return finish(
        {{},
         command_failure{
             exit_status::no, "the server sent a broken frame", options_.address.shown(), "", {}}});
  if (const auto* const output = std::get_if<wire::output_frame>(&frame);
      output != nullptr && output->stream == stream_number) {
    if (stream_.output(*output, events_.on_output) == frame_verdict::gap) {
      stream_.expect_snapshot();
      refresh();
    }
  } else if (const auto* const snapshot = std::get_if<wire::snapshot_frame>(&frame);
             snapshot != nullptr && snapshot->stream == stream_number) {
    stream_.snapshot(*snapshot);
    events_.on_snapshot(snapshot->bytes, snapshot->offset);
  }
}

void session_link::on_socket_end(const ws_end& end) {
  if (is_attached_ && std::chrono::steady_clock::now() - attached_at_ > stable_after)
    policy_.succeeded();
  is_attached_ = false;
  stream_.disconnected();
  ack_timer_.cancel();
  is_ack_due_ = false;
  const auto hint = std::exchange(drain_hint_, std::nullopt);
  if (end.unreachable) {
    if (!was_attached_)
      return finish({{}, *end.unreachable});
    return retry(0, connection_lost, hint);
  }
  if (end.http_status != 0) {
    const bool is_passing = end.http_status == 429 || end.http_status >= 500;
    if (!is_passing || !was_attached_)
      return finish({{}, problem_from_http(end.http_status, end.http_body)});
    std::optional<milliseconds> wait;
    if (end.retry_after)
      wait = *end.retry_after;
    return retry(0, "the server cannot take the connection now", wait);
  }
  switch (action_after(end.close_code)) {
  case after_close::ended:
    return finish({exited_, {}});
  case after_close::stop: {
    command_failure why{
        exit_status::no, std::string(explain_close(end.close_code)), end.reason, "", {}};
    if (end.close_code == 4401)
      why.advice = "give a valid --token, or set ROOST_TOKEN";
    return finish({{}, std::move(why)});
  }
  case after_close::reconnect_fresh:
    stream_.forget();
    break;
  case after_close::reconnect:
    break;
  }
  auto wait = hint;
  if (end.close_code == 1012 || end.close_code == 1013)
    if (const auto seconds = retry_after_in(end.reason))
      wait = *seconds;
  retry(end.close_code, end.close_code == 0 ? connection_lost : explain_close(end.close_code),
        wait);
}

void session_link::retry(std::uint16_t code, std::string_view why,
                         std::optional<milliseconds> hint) {
  const auto delay = policy_.next_delay(code, hint);
  if (!delay)
    return finish({{},
                   command_failure{exit_status::no,
                                   std::string(explain_close(code)),
                                   options_.address.shown(),
                                   "it did so several times; its log tells why",
                                   {}}});
  tried_at_ = std::chrono::steady_clock::now();
  if (events_.on_lost)
    events_.on_lost(why, *delay);
  is_retry_pending_ = true;
  retry_timer_.expires_after(*delay);
  retry_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && std::exchange(is_retry_pending_, false) && !is_over_)
      connect();
  });
}

void session_link::hurry() {
  if (!is_retry_pending_ || is_over_ || std::chrono::steady_clock::now() - tried_at_ < hurry_every)
    return;
  is_retry_pending_ = false;
  retry_timer_.cancel();
  connect();
}

void session_link::finish(link_end end) {
  if (std::exchange(is_over_, true))
    return;
  is_attached_ = false;
  retry_timer_.cancel();
  ack_timer_.cancel();
  drop_socket();
  if (events_.on_end)
    events_.on_end(end);
}

void session_link::drop_socket() {
  // Kept, its timers would hold the io_context, and so the program, after the goodbye.
  if (const auto socket = std::exchange(socket_, nullptr))
    socket->close();
}

void session_link::send_json(const boost::json::object& message) {
  socket_->send_text(boost::json::serialize(message));
}

void session_link::send_input_frames(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, input_frame_max);
    socket_->send_binary(wire::encode(wire::input_frame{stream_number, part}));
    bytes.remove_prefix(part.size());
  }
}

bool session_link::send_input(std::string_view bytes) {
  if (is_attached_) {
    send_input_frames(bytes);
    return true;
  }
  if (kept_input_.size() + bytes.size() > kept_max)
    return false;
  kept_input_ += bytes;
  return true;
}

bool session_link::has_room() const {
  return !is_attached_ || socket_->queued_bytes() < queue_high;
}

void session_link::resize(terminal_size size) {
  options_.size = size;
  if (is_attached_)
    send_json({{"type", "resize"},
               {"stream", stream_number},
               {"cols", size.columns},
               {"rows", size.rows}});
}

void session_link::refresh() {
  if (is_attached_)
    send_json({{"type", "refresh"}, {"stream", stream_number}});
}

void session_link::written(std::uint64_t offset) {
  stream_.written(offset);
  if (!is_attached_)
    return;
  send_ack(ack_every);
  if (std::exchange(is_ack_due_, true))
    return;
  ack_timer_.expires_after(ack_idle);
  ack_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error)
      return;
    is_ack_due_ = false;
    if (is_attached_)
      send_ack(1);
  });
}

void session_link::send_ack(std::uint64_t least) {
  if (const auto offset = stream_.take_ack(least))
    socket_->send_binary(wire::encode(wire::ack_frame{stream_number, *offset}));
}

void session_link::detach() {
  if (std::exchange(is_over_, true))
    return;
  retry_timer_.cancel();
  ack_timer_.cancel();
  if (is_attached_)
    send_json({{"type", "detach"}, {"stream", stream_number}});
  is_attached_ = false;
  drop_socket();
}

} // namespace roost::cli
