// The answering half of http_stream.
#include "actors/connection/http_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <utility>

namespace roost::connection {

namespace asio = boost::asio;

namespace {

// A body up to this size joins its head: one write, one TLS record.
constexpr std::size_t small_body = std::size_t{16} << 10;

} // namespace

bool http_stream::should_close_after_this() const {
  return wants_close_ || is_draining_ || is_input_ended_;
}

responder http_stream::make_responder() {
  const auto self = shared_from_this();
  const auto serial = serial_;
  auto send = [self, serial](http_response answer) {
    asio::dispatch(self->executor_, [self, serial, answer = std::move(answer)]() mutable {
      self->on_response(serial, std::move(answer));
    });
  };
  auto open = [self, serial](http_response head, std::function<void()> on_closed) {
    auto body =
        std::make_shared<stream_body>(self->executor_, self->env_.limits.stream_queue,
                                      [weak = self->weak_from_this()](stream_body::event what) {
                                        const auto stream = weak.lock();
                                        if (!stream || !stream->stream_)
                                          return;
                                        if (what == stream_body::event::ready)
                                          stream->flush_stream();
                                        else
                                          stream->abort();
                                      });
    asio::post(self->executor_, [self, serial, head = std::move(head), body,
                                 on_closed = std::move(on_closed)]() mutable {
      self->begin_stream(serial, std::move(head), std::move(body), std::move(on_closed));
    });
    return stream_body::make_writer(std::move(body));
  };
  return responder(std::move(send), correlation_, std::move(open));
}

void http_stream::on_response(std::uint64_t serial, http_response answer) {
  if (phase_ == phase::handling && serial == serial_)
    respond(std::move(answer));
}

void http_stream::respond(http_response answer) {
  phase_ = phase::writing;
  is_idle_ = false;
  settle(); // an answer, if only a refusal
  head_facts facts;
  facts.fate = should_close_after_this() ? connection_fate::close : connection_fate::keep;
  facts.http_version = http_version_;
  facts.correlation = correlation_;
  facts.now = env_.time.now_wall();
  wants_close_ = facts.fate == connection_fate::close;
  auto head = render_head(answer, facts);
  if (is_head_request_ || !may_have_body(answer.status))
    answer.body.clear();
  if (answer.body.size() <= small_body) {
    head += answer.body;
    answer.body.clear();
  }
  write(std::move(head), std::move(answer.body));
}

void http_stream::begin_stream(std::uint64_t serial, http_response head,
                               std::shared_ptr<stream_body> body, std::function<void()> on_closed) {
  if (phase_ != phase::handling || serial != serial_) {
    body->end();
    if (on_closed)
      asio::post(executor_, std::move(on_closed));
    return;
  }
  phase_ = phase::streaming;
  stream_ = std::move(body);
  on_stream_closed_ = std::move(on_closed);
  stream_framing_ = http_version_ == 10 ? body_framing::close : body_framing::chunked;
  wants_close_ = true; // so that the end of a stream is the end of its connection, for any client
  head_facts facts;
  facts.framing = stream_framing_;
  facts.fate = connection_fate::close;
  facts.http_version = http_version_;
  facts.correlation = correlation_;
  facts.now = env_.time.now_wall();
  auto text = render_head(head, facts);
  if (is_head_request_ || is_draining_) {
    stream_->close();
  }
  if (!head.body.empty() && !is_head_request_)
    text += stream_framing_ == body_framing::chunked
                ? fmt::format("{:x}\r\n{}\r\n", head.body.size(), head.body)
                : head.body;
  if (is_input_ended_) {
    finish();
    return;
  }
  write(std::move(text));
}

void http_stream::flush_stream() {
  if (is_writing_ || phase_ != phase::streaming)
    return;
  auto next = stream_->take();
  if (next.bytes.empty() && !next.is_end)
    return;
  is_stream_ending_ = next.is_end;
  if (is_head_request_) {
    close_politely();
    return;
  }
  std::string text;
  if (stream_framing_ == body_framing::chunked) {
    if (!next.bytes.empty())
      text = fmt::format("{:x}\r\n{}\r\n", next.bytes.size(), next.bytes);
    if (next.is_end)
      text += "0\r\n\r\n";
  } else {
    text = std::move(next.bytes);
  }
  if (text.empty())
    close_politely();
  else
    write(std::move(text));
}

void http_stream::write(std::string first, std::string second) {
  out_first_ = std::move(first);
  out_second_ = std::move(second);
  out_done_ = 0;
  is_writing_ = true;
  write_some();
}

// Asio's and Beast's composed writes have no deadline of progress: a client that takes one byte now
// and then is alive, one that takes nothing for write_timeout is not.
void http_stream::write_some() {
  arm(env_.limits.write_timeout);
  const auto total = out_first_.size() + out_second_.size();
  const bool in_first = out_done_ < out_first_.size();
  const auto rest = in_first ? std::string_view(out_first_).substr(out_done_)
                             : std::string_view(out_second_).substr(out_done_ - out_first_.size());
  auto on_progress = [self = shared_from_this(), total](const error_code& ec, std::size_t n) {
    if (self->phase_ == phase::closed)
      return;
    if (ec) {
      self->is_writing_ = false;
      self->finish();
      return;
    }
    self->out_done_ += n;
    if (self->out_done_ < total)
      self->write_some();
    else
      self->on_written();
  };
  on_socket([&](auto& socket) {
    if (in_first && !out_second_.empty())
      socket.async_write_some(
          std::array<asio::const_buffer, 2>{asio::buffer(rest), asio::buffer(out_second_)},
          std::move(on_progress));
    else
      socket.async_write_some(asio::buffer(rest), std::move(on_progress));
  });
}

void http_stream::on_written() {
  is_writing_ = false;
  out_first_.clear();
  out_second_.clear();
  out_second_.shrink_to_fit();
  switch (phase_) {
  case phase::body: // the 100 of an `Expect: 100-continue`
    arm(is_settled_ ? env_.limits.body_timeout : env_.limits.handshake_timeout);
    read_more();
    return;
  case phase::streaming:
    ++timer_serial_; // silence on a stream is fine
    timer_.cancel();
    stream_->sent();
    if (is_stream_ending_)
      close_politely();
    else
      flush_stream();
    return;
  case phase::writing:
    if (should_close_after_this())
      close_politely();
    else
      await_request();
    return;
  default:
    return;
  }
}

/// Closes so that the client can still read what was sent: a close with unread input in the kernel
/// would reset the connection and take the answer with it.
void http_stream::close_politely() {
  phase_ = phase::lingering;
  arm(env_.limits.linger);
  // TLS wants to say goodbye, but cannot while the client still sends what we refused.
  const bool is_input_expected = parser_ && !parser_->is_done();
  if (auto* secured = std::get_if<std::unique_ptr<tls_stream>>(&socket_);
      secured != nullptr && !is_input_expected) {
    (*secured)->async_shutdown([self = shared_from_this()](const error_code&) {
      // Whether the client said goodbye as well makes no difference.
      self->finish();
    });
    return;
  }
  error_code ignored; // it fails when the client has gone, which the read below tells
  plain(socket_).shutdown(plain_socket::shutdown_send, ignored);
  if (is_input_ended_) {
    finish();
    return;
  }
  discard_input();
}

void http_stream::discard_input() {
  input_.consume(input_.size());
  read_more();
}

} // namespace roost::connection
