#include "actors/connection/http_stream.hpp"

#include "actors/connection/encoding.hpp"
#include "actors/connection/problem.hpp"
#include "actors/runtime/correlation.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/http/error.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <iterator>
#include <utility>

namespace roost::connection {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// What a client may send ahead while its request is being answered. Past it nothing more is read,
// so the kernel's flow control holds the client.
constexpr std::size_t max_ahead = 64 * 1024;
constexpr char tls_handshake_record = 0x16;

const log::logger& logger() {
  static const log::logger instance(log::context{"http", 0, {}, {}});
  return instance;
}

/// Whether both directions of a socket whose input has ended are closed. TCP cannot tell a client
/// that has gone from one that has only finished asking (`nc`); Unix sockets can.
bool is_hung_up(int fd) {
  pollfd state{fd, 0, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

} // namespace

http_stream::http_stream(accepted from, std::optional<principal> peer, connection_slot slot,
                         environment surroundings)
    : env_(std::move(surroundings)),
      is_local_(peer.has_value()), facts_{std::move(from.local_address), std::move(peer)},
      address_(std::move(from.address)), socket_(std::move(from.socket)), slot_(std::move(slot)),
      executor_(executor_of(socket_)), timer_(executor_), input_(max_ahead + read_size) {}

void http_stream::start() {
  asio::dispatch(executor_, [self = shared_from_this()] { self->begin(); });
}

void http_stream::begin() {
  arm(env_.limits.handshake_timeout);
  if (env_.tls) {
    sniff_tls();
    return;
  }
  phase_ = phase::header;
  read_more();
}

// Somebody who types http:// in front of a TLS port shall read why it does not work.
void http_stream::sniff_tls() {
  auto& bare = std::get<plain_socket>(socket_);
  bare.async_wait(plain_socket::wait_read, [self = shared_from_this()](const error_code& ec) {
    if (ec || self->phase_ == phase::closed) {
      self->finish();
      return;
    }
    auto& socket = std::get<plain_socket>(self->socket_);
    char first = 0;
    const auto n = ::recv(socket.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 1 && first == tls_handshake_record) {
      self->handshake();
      return;
    }
    if (n != 1) {
      self->finish();
      return;
    }
    self->correlation_ = new_trace(self->env_.random).trace_id;
    self->wants_close_ = true;
    self->respond(problem_response(
        failure(request_error::bad_request, "this port speaks HTTPS: use https:// in the URL"),
        self->correlation_));
  });
}

void http_stream::handshake() {
  auto secured =
      std::make_unique<tls_stream>(std::move(std::get<plain_socket>(socket_)), *env_.tls);
  auto& stream = *secured;
  socket_ = std::move(secured);
  stream.async_handshake(tls_stream::server, [self = shared_from_this()](const error_code& ec) {
    if (ec || self->phase_ == phase::closed) {
      logger().debug("the TLS handshake failed", log::kv("address", self->address_),
                     log::kv("reason", ec.message()));
      self->finish();
      return;
    }
    self->phase_ = phase::header;
    self->arm(self->env_.limits.handshake_timeout);
    self->read_more();
  });
}

void http_stream::read_more() {
  if (is_reading_ || is_input_ended_ || phase_ == phase::closed)
    return;
  is_reading_ = true;
  // Not straight into input_: parsing moves its bytes while a read is pending behind a response.
  if (!arriving_)
    arriving_ = std::make_unique<std::array<char, read_size>>();
  on_socket([&](auto& socket) {
    socket.async_read_some(
        asio::buffer(*arriving_),
        [self = shared_from_this()](const error_code& ec, std::size_t n) { self->on_read(ec, n); });
  });
}

void http_stream::on_read(const error_code& ec, std::size_t size) {
  is_reading_ = false;
  if (phase_ == phase::closed)
    return;
  input_.commit(asio::buffer_copy(input_.prepare(size), asio::buffer(*arriving_, size)));
  if (is_handing_over_) {
    // Our own cancel ended this read; what it still brought belongs to the WebSocket.
    if (ec && ec != asio::error::operation_aborted)
      finish();
    else
      hand_over();
    return;
  }
  if (ec) {
    is_input_ended_ = true;
    const bool is_end = ec == asio::error::eof;
    // While an answer is due, a client that closed its half may still read it.
    const bool may_still_read = is_end && phase_ != phase::streaming &&
                                !(is_local_ && is_hung_up(plain(socket_).native_handle()));
    if ((phase_ == phase::handling || phase_ == phase::writing) && may_still_read) {
      wants_close_ = true;
      return;
    }
    finish();
    return;
  }
  switch (phase_) {
  case phase::header:
  case phase::body:
    parse();
    return;
  case phase::handling:
  case phase::writing:
  case phase::streaming:
    on_input_while_busy();
    return;
  case phase::lingering:
    discard_input();
    return;
  case phase::handshake:
  case phase::closed:
    return;
  }
}

// A read stays pending while the answer is prepared, so that we notice when the client leaves.
void http_stream::on_input_while_busy() {
  if (input_.size() < max_ahead)
    read_more();
  else if (phase_ == phase::streaming)
    finish(); // nothing would notice its end any more
}

/// Makes ready for the next request, whose first bytes may have come already.
void http_stream::await_request() {
  phase_ = phase::header;
  parser_.reset();
  request_ = {};
  ++serial_;
  if (input_.size() > 0) {
    arm(env_.limits.handshake_timeout);
    parse();
    return;
  }
  if (is_draining_ || is_input_ended_) {
    finish();
    return;
  }
  is_idle_.store(true, std::memory_order_relaxed);
  arm(env_.limits.keep_alive);
  read_more();
}

void http_stream::parse() {
  if (phase_ == phase::header && !parser_) {
    if (is_idle_.exchange(false, std::memory_order_relaxed))
      arm(env_.limits.handshake_timeout);
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
  admit_request();
}

/// Fills `request_` from the parsed header. False when it answered with a refusal.
bool http_stream::collect_request() {
  const auto& message = parser_->get();
  request_ = {};
  request_.address = address_;
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
  const auto kind =
      is_websocket || is_upgrade(request_) ? request_kind::upgrade : request_kind::plain;
  auto verdict = env_.service->admit(request_, kind, facts_);
  if (auto* refusal = std::get_if<http_response>(&verdict)) {
    wants_close_ = wants_close_ || !parser_->is_done();
    respond(std::move(*refusal));
    return;
  }
  auto& granted = std::get<admission>(verdict);
  request_.who = std::move(granted.who);

  if (is_websocket) {
    if (const auto checked = check_upgrade(request_, http_version_); !checked) {
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
  arm(env_.limits.body_timeout);
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
  phase_ = phase::handling;
  ++timer_serial_; // how long an answer may take is its handler's affair
  timer_.cancel();
  if (input_.size() < max_ahead)
    read_more();
  auto answer = make_responder();
  env_.service->handle(std::move(request_), std::move(answer));
}

void http_stream::hand_over() {
  ws_handoff handoff{std::move(socket_), {},       std::move(input_), std::move(request_.who),
                     correlation_,       address_, is_local_,         std::move(slot_)};
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

void http_stream::arm(std::chrono::milliseconds after) {
  const auto serial = ++timer_serial_;
  timer_.expires_after(after);
  timer_.async_wait([self = shared_from_this(), serial](const error_code& ec) {
    if (!ec && serial == self->timer_serial_)
      self->on_deadline();
  });
}

void http_stream::on_deadline() {
  if (phase_ == phase::closed)
    return;
  if (!is_idle() && phase_ != phase::lingering)
    logger().debug("a connection ran out of time", log::kv("address", address_),
                   log::kv("phase", static_cast<int>(phase_)), log::kv("writing", is_writing_));
  // With a reset: what the client did not take must not stay in the kernel's buffers.
  if (is_writing_) {
    error_code ignored; // the socket is closed next
    plain(socket_).set_option(asio::socket_base::linger(true, 0), ignored);
  }
  finish();
}

void http_stream::drain() {
  asio::post(executor_, [self = shared_from_this()] {
    self->is_draining_ = true;
    self->wants_close_ = true;
    if (self->phase_ == phase::handshake || (self->phase_ == phase::header && !self->parser_))
      self->finish(); // not a byte of another request has come
    else if (self->stream_)
      self->stream_->close();
  });
}

void http_stream::abort() {
  asio::post(executor_, [self = shared_from_this()] { self->finish(); });
}

void http_stream::close_if_idle() {
  asio::post(executor_, [self = shared_from_this()] {
    if (self->is_idle())
      self->finish();
  });
}

void http_stream::finish() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  is_idle_.store(false, std::memory_order_relaxed);
  ++timer_serial_;
  timer_.cancel();
  error_code ignored; // there is nothing left that an error could spoil
  plain(socket_).close(ignored);
  slot_.reset();
  if (stream_)
    stream_->end();
  stream_.reset();
  if (on_stream_closed_)
    asio::post(executor_, std::exchange(on_stream_closed_, nullptr));
  env_.service->closed(*this);
}

} // namespace roost::connection
