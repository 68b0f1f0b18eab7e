// The reading half of http_stream: from bytes to a request that may go on.
#include "actors/connection/http_stream.hpp"

#include "actors/connection/encoding.hpp"
#include "actors/connection/problem.hpp"
#include "actors/runtime/correlation.hpp"

#include <boost/beast/http/error.hpp>

#include <iterator>
#include <utility>

namespace roost::connection {

namespace http = boost::beast::http;

void http_stream::parse() {
  if (phase_ == phase::header && !parser_) {
    if (std::exchange(is_idle_, false)) {
      arm(env_.limits.handshake_timeout);
      if (!claim_.wake())
        is_draining_ = true; // it lost its place a moment ago: this is its last request
    }
    parser_.emplace();
    header_used_ = 0;
    // For a refusal before the header is whole.
    http_version_ = 11;
    is_head_request_ = false;
    correlation_ = new_trace(env_.random).trace_id;
    parser_->header_limit(env_.limits.header_bytes);
    parser_->body_limit(boost::none); // set when it is known who asks
    parser_->eager(false);
  }
  error_code ec;
  const auto used = parser_->put(input_.data(), ec);
  input_.consume(used);
  if (ec == http::error::need_more)
    ec = {};
  if (ec) {
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow)
      refuse_header();
    else if (ec == http::error::body_limit)
      refuse(failure(request_error::body_too_large));
    else
      refuse(failure(request_error::bad_request, "this is not HTTP/1.1"));
    return;
  }
  // Beast's own limit starts anew with each piece that arrives, so the header is counted here.
  if (phase_ == phase::header) {
    header_used_ += used;
    const auto unfinished = parser_->is_header_done() ? 0 : input_.size();
    if (header_used_ + unfinished > env_.limits.header_bytes) {
      refuse_header();
      return;
    }
    if (parser_->is_header_done()) {
      on_header();
      return;
    }
  }
  if (phase_ == phase::body) {
    // Neither counts as body, so neither has a bound of its own: trailer fields, which the parser
    // keeps and nobody here wants, and a chunk's extension, which it waits for without an end.
    const auto& message = parser_->get();
    if (std::distance(message.begin(), message.end()) != header_fields_) {
      refuse(failure(request_error::bad_request, "trailer fields are not understood"));
      return;
    }
    if (parser_->is_done()) {
      handle_request();
      return;
    }
    if (input_.size() > 0 && used > 0) {
      parse();
      return;
    }
    if (input_.size() > env_.limits.header_bytes) {
      refuse(failure(request_error::bad_request, "a chunk's size line or trailer is too long"));
      return;
    }
  }
  read_more();
}

void http_stream::on_header() {
  ++requests_;
  const auto& message = parser_->get();
  http_version_ = message.version() == 10 ? 10 : 11;
  wants_close_ = !message.keep_alive() || requests_ >= env_.limits.max_requests;
  if (!collect_request())
    return;
  if (auto refused = env_.service->represent(claim_, address_, request_)) {
    wants_close_ = true;
    respond(std::move(*refused));
    return;
  }
  admit_request();
}

void http_stream::settle() {
  if (!std::exchange(is_settled_, true))
    claim_.settle();
}

/// Fills `request_` from the parsed header. False when it answered with a refusal.
bool http_stream::collect_request() {
  const auto& message = parser_->get();
  request_ = {};
  request_.is_local = is_local_;
  request_.method = std::string(message.method_string());
  is_head_request_ = request_.method == "HEAD";
  if (is_head_request_)
    request_.method = "GET";
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    request_.headers.emplace_back(to_lower(std::string_view(name.data(), name.size())),
                                  std::string(value.data(), value.size()));
  }
  request_.address = env_.service->client_of(address_, request_.headers);
  correlation_ = continue_trace(request_.header("traceparent"), env_.random).trace_id;
  request_.correlation = correlation_;

  if (message.version() != 11 && message.version() != 10) {
    refuse(failure(request_error::bad_request, "only HTTP/1.1 and HTTP/1.0 are spoken"));
    return false;
  }
  // A coding that we would not undo makes the body's end ambiguous for whoever stands in between.
  if (const auto coding = request_.header("transfer-encoding");
      !coding.empty() && !equals_ignoring_case(coding, "chunked")) {
    refuse(failure(request_error::bad_request, "only the transfer coding 'chunked' is understood"));
    return false;
  }
  const auto target = message.target();
  auto parts = parse_target(std::string_view(target.data(), target.size()));
  if (!parts) {
    refuse(failure(request_error::bad_request,
                   "the request target is not a path with an optional query"));
    return false;
  }
  request_.path = std::move(parts->path);
  request_.query = std::move(parts->query);
  return true;
}

void http_stream::admit_request() {
  const bool is_websocket = request_.path == "/ws";
  const auto kind = is_upgrade(request_) ? request_kind::upgrade : request_kind::plain;
  auto verdict = env_.service->admit(request_, kind, facts_);
  if (auto* refusal = std::get_if<http_response>(&verdict)) {
    wants_close_ = wants_close_ || !parser_->is_done();
    respond(std::move(*refusal));
    return;
  }
  auto& granted = std::get<admission>(verdict);
  request_.who = std::move(granted.who);
  // A stranger who may ask has yet to say the whole of it.
  const bool is_stranger = request_.who.token_id.empty() && !is_local_;
  if (!is_stranger || parser_->is_done())
    settle();

  if (is_websocket) {
    if (const auto checked = check_upgrade(request_, http_version_); !checked) {
      if (kind == request_kind::plain)
        if (auto refused = env_.service->foresee(request_)) {
          respond(std::move(*refused));
          return;
        }
      if (kind == request_kind::upgrade)
        env_.service->note(refusal::handshake);
      auto answer = problem_response(checked.error(), correlation_);
      if (checked.error().is(request_error::upgrade_required)) {
        answer.headers.emplace_back("Upgrade", "websocket");
        answer.headers.emplace_back("Sec-WebSocket-Version", "13");
      }
      wants_close_ = wants_close_ || !parser_->is_done();
      respond(std::move(answer));
      return;
    }
    if (!parser_->is_done()) {
      refuse(failure(request_error::bad_request, "a WebSocket handshake has no body"));
      return;
    }
    if (!is_local_) {
      auto reserved = env_.service->reserve(request_);
      if (auto* refused = std::get_if<http_response>(&reserved)) {
        wants_close_ = true;
        respond(std::move(*refused));
        return;
      }
      // From here on it is no HTTP connection any more.
      claim_ = std::move(std::get<place>(reserved));
    }
    is_handing_over_ = true;
    if (is_reading_)
      on_socket([](auto& socket) {
        error_code ignored; // then the read ends by itself
        socket.lowest_layer().cancel(ignored);
      });
    else
      hand_over();
    return;
  }

  if (const auto length = parser_->content_length(); length && *length > granted.body_limit) {
    refuse(failure(request_error::body_too_large,
                   std::to_string(granted.body_limit) + " bytes are allowed here"));
    return;
  }
  parser_->body_limit(granted.body_limit);
  if (parser_->is_done())
    handle_request();
  else
    begin_body();
}

void http_stream::begin_body() {
  phase_ = phase::body;
  const auto& message = parser_->get();
  header_fields_ = std::distance(message.begin(), message.end());
  parser_->eager(true);
  // A stranger's body is small, and is part of the handshake.
  arm(is_settled_ ? env_.limits.body_timeout : env_.limits.handshake_timeout);
  if (equals_ignoring_case(request_.header("expect"), "100-continue") && http_version_ == 11 &&
      input_.size() == 0) {
    write("HTTP/1.1 100 Continue\r\n\r\n");
    return;
  }
  if (input_.size() > 0)
    parse();
  else
    read_more();
}

void http_stream::handle_request() {
  request_.body = std::move(parser_->get().body());
  settle();
  phase_ = phase::handling;
  ++timer_serial_; // how long an answer may take is its handler's affair
  timer_.cancel();
  if (input_.size() < max_ahead)
    read_more();
  auto answer = make_responder();
  env_.service->handle(std::move(request_), std::move(answer));
}

void http_stream::hand_over() {
  ws_handoff handoff{std::move(socket_), {},
                     std::move(input_),  std::move(request_.who),
                     correlation_,       std::move(request_.address),
                     is_local_,          std::move(claim_)};
  // The parser's message has a string body; only its header matters for the 101.
  handoff.request.base() = parser_->get().base();
  phase_ = phase::closed;
  ++timer_serial_;
  timer_.cancel();
  env_.service->upgrade(std::move(handoff));
  env_.service->closed(*this);
}

void http_stream::refuse(const failure& why) {
  wants_close_ = true;
  respond(problem_response(why, correlation_));
}

void http_stream::refuse_header() {
  refuse(failure(request_error::headers_too_large,
                 std::to_string(env_.limits.header_bytes) + " bytes are allowed"));
}

} // namespace roost::connection
