#include "actors/connection/http_stream.hpp"

#include "actors/connection/problem.hpp"
#include "actors/connection/proxy_header.hpp"
#include "actors/runtime/correlation.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace roost::connection {

namespace asio = boost::asio;

namespace {

constexpr char tls_handshake_record = 0x16;
constexpr std::size_t proxy_header_start = 16; // up to and including the length of the rest

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

http_stream::http_stream(accepted from, std::optional<principal> peer, place claim,
                         environment surroundings)
    : env_(std::move(surroundings)),
      is_local_(peer.has_value()), facts_{std::move(from.local_address), std::move(peer)},
      address_(std::move(from.address)), socket_(std::move(from.socket)), claim_(std::move(claim)),
      executor_(executor_of(socket_)), timer_(executor_), input_(max_ahead + read_size) {}

void http_stream::start() {
  asio::dispatch(executor_, [self = shared_from_this()] { self->begin(); });
}

void http_stream::begin() {
  arm(env_.limits.handshake_timeout);
  if (env_.has_proxy_header)
    read_proxy_header(proxy_header_start);
  else
    greet();
}

// Read to the byte: what follows belongs to TLS.
void http_stream::read_proxy_header(std::size_t wanted) {
  const auto have = input_.size();
  asio::async_read(
      std::get<plain_socket>(socket_), input_.prepare(wanted - have),
      [self = shared_from_this()](const error_code& ec, std::size_t n) {
        if (ec || self->phase_ == phase::closed) {
          self->finish();
          return;
        }
        self->input_.commit(n);
        const auto bytes = self->input_.cdata();
        const std::string_view text(static_cast<const char*>(bytes.data()), bytes.size());
        const auto header = roost::connection::read_proxy_header(text);
        if (header.is == proxy_header::outcome::need_more) {
          const auto low = static_cast<unsigned char>(text[proxy_header_start - 1]);
          const auto high = static_cast<unsigned char>(text[proxy_header_start - 2]);
          self->read_proxy_header(proxy_header_start + high * 256U + low);
          return;
        }
        if (header.is == proxy_header::outcome::bad) {
          logger().warn("a trusted proxy sent no PROXY header", log::kv("address", self->address_),
                        log::kv("why", header.why));
          self->env_.service->note(refusal::proxy_header);
          self->finish();
          return;
        }
        self->input_.consume(self->input_.size());
        if (header.source)
          self->address_ = *header.source;
        auto refused = self->env_.service->identify(self->claim_, self->address_);
        if (!refused) {
          self->greet();
          return;
        }
        self->correlation_ = new_trace(self->env_.random).trace_id;
        self->wants_close_ = true;
        if (self->env_.tls)
          self->finish(); // it could not read it
        else
          self->respond(std::move(*refused));
      });
}

void http_stream::greet() {
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
  is_idle_ = true;
  claim_.rest();
  arm(env_.limits.keep_alive);
  read_more();
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
  if (!is_idle_ && phase_ != phase::lingering) {
    logger().debug("a connection ran out of time", log::kv("address", address_),
                   log::kv("phase", static_cast<int>(phase_)), log::kv("writing", is_writing_));
    env_.service->note(is_writing_                  ? slow_phase::write
                       : phase_ == phase::handshake ? slow_phase::tls
                       : phase_ == phase::body      ? slow_phase::body
                                                    : slow_phase::header);
  }
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

void http_stream::give_way() {
  asio::post(executor_, [self = shared_from_this()] {
    const bool has_request = self->parser_ || self->phase_ > phase::header;
    if (has_request && self->is_settled_)
      self->wants_close_ = true;
    else
      self->finish();
  });
}

void http_stream::finish() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  is_idle_ = false;
  ++timer_serial_;
  timer_.cancel();
  error_code ignored; // there is nothing left that an error could spoil
  plain(socket_).close(ignored);
  claim_.release();
  if (stream_)
    stream_->end();
  stream_.reset();
  if (on_stream_closed_)
    asio::post(executor_, std::exchange(on_stream_closed_, nullptr));
  env_.service->closed(*this);
}

} // namespace roost::connection
