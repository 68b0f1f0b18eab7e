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
constexpr std::int64_t full_level = 2; // of `pressure`: no place is left

} // namespace

session_link::session_link(boost::asio::io_context& io, link_options options, link_events events)
    : io_(io), options_(std::move(options)), events_(std::move(events)),
      policy_(os_random::instance()), retry_timer_(io), ack_timer_(io) {}

session_link::~session_link() { drop_socket(); }

void session_link::start() { connect(); }

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
    if (events_.on_idle_warning)
      events_.on_idle_warning();
  } else if (type == "pressure") {
    if (events_.on_pressure)
      events_.on_pressure(number_field(*message, "level").value_or(0) >= full_level);
  } else if (type == "draining") {
    drain_hint_ = milliseconds(number_field(*message, "reconnect_after_ms").value_or(0));
  } else if (type == "error") {
    on_error_message(*message);
  }
  // All else (lag, event, pong, …) is for other clients.
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

void session_link::stay() {
  if (is_attached_)
    socket_->send_binary(wire::encode(wire::ack_frame{stream_number, stream_.acked()}));
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
