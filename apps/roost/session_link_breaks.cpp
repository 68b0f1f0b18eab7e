// How a session_link begins, breaks, comes back and ends.

#include "apps/roost/problem.hpp"
#include "apps/roost/session_link.hpp"

namespace roost::cli {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr std::string_view connection_lost = "connection lost";
constexpr std::chrono::seconds hurry_every{1};   // how often a person may cut a delay short
constexpr std::chrono::seconds stable_after{10}; // a connection that lived so long was a success

} // namespace

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

void session_link::on_socket_end(const ws_end& end) {
  if (is_attached_ && clock::now() - attached_at_ > stable_after)
    policy_.succeeded();
  is_attached_ = false;
  stream_.disconnected();
  ack_timer_.cancel();
  is_ack_due_ = false;
  const auto drain_hint = std::exchange(drain_hint_, std::nullopt);
  if (end.unreachable) {
    if (!was_attached_)
      return finish({{}, *end.unreachable});
    return retry(0, connection_lost, std::nullopt);
  }
  if (end.http_status != 0) {
    auto why = problem_from_http(end.http_status, end.http_body, end.retry_after);
    const bool is_passing = end.http_status == 429 || end.http_status >= 500;
    if (!is_passing || !was_attached_)
      return finish({{}, std::move(why)});
    return retry(0, why.what, end.retry_after);
  }
  // A server that was about to restart may be gone before its close frame got through.
  const std::uint16_t code = end.close_code == 0 && drain_hint ? 1012 : end.close_code;
  switch (action_after(code)) {
  case after_close::ended:
    return finish({});
  case after_close::await_person:
    if (events_.on_idle)
      return await_person();
    [[fallthrough]];
  case after_close::stop: {
    command_failure why{exit_status::no, std::string(explain_close(code)), end.reason, "", {}};
    if (code == 4401)
      why.advice = "give a valid --token, or set ROOST_TOKEN";
    return finish({{}, std::move(why)});
  }
  case after_close::reconnect_fresh:
    stream_.forget();
    break;
  case after_close::reconnect:
    break;
  }
  auto hint = drain_hint;
  if (code == 1012 || code == 1013)
    if (const auto seconds = retry_after_in(end.reason))
      hint = *seconds;
  retry(code, code == 0 ? connection_lost : explain_close(code), hint);
}

void session_link::retry(std::uint16_t code, std::string_view why,
                         std::optional<milliseconds> hint) {
  const auto delay = policy_.next_delay(code, hint, clock::now());
  if (!delay)
    return finish({{},
                   command_failure{exit_status::no,
                                   std::string(explain_close(code)),
                                   options_.address.shown(),
                                   "it did so several times; its log tells why",
                                   {}}});
  tried_at_ = clock::now();
  if (events_.on_lost)
    events_.on_lost(why, *delay);
  is_retry_pending_ = true;
  retry_timer_.expires_after(*delay);
  retry_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && std::exchange(is_retry_pending_, false) && !is_over_)
      connect();
  });
}

void session_link::await_person() {
  // As a retry that is due when somebody hurries it, the first time at once.
  tried_at_ = {};
  is_retry_pending_ = true;
  events_.on_idle();
}

void session_link::hurry() {
  if (!is_retry_pending_ || is_over_ || clock::now() - tried_at_ < hurry_every)
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

} // namespace roost::cli
