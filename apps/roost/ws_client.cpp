#include "apps/roost/ws_client.hpp"

#include <deque>

#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "apps/roost/reconnect_policy.hpp"
#include "apps/roost/transport.hpp"
#include "protocols/wire/roost_v1.hpp"

namespace roost::cli {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

constexpr std::chrono::seconds connect_patience{10};
constexpr std::chrono::seconds handshake_patience{10};
constexpr std::chrono::seconds silence_max{30}; // half of it, then a ping, then the other half
constexpr std::chrono::milliseconds goodbye_patience{300};
constexpr std::size_t message_max = 64U << 20U;
constexpr std::size_t low_mark = 32U << 10U;

template <class Stream>
class ws_connection final : public ws_client,
                            public std::enable_shared_from_this<ws_connection<Stream>> {
public:
  ws_connection(asio::io_context& io, const server_address& address, ws_events events)
      : io_(io), address_(address), events_(std::move(events)), goodbye_timer_(io) {}

  void start(const std::string& token) override {
    token_ = token;
    open_socket(io_, address_, connect_patience,
                [self = this->shared_from_this()](outcome<stream_socket> opened) {
                  if (self->is_over_)
                    return;
                  if (!opened)
                    return self->fail(std::move(opened).error());
                  self->secure(std::move(*opened));
                });
  }

  void send_text(std::string bytes) override { enqueue(kind::text, std::move(bytes)); }
  void send_binary(std::string bytes) override { enqueue(kind::binary, std::move(bytes)); }
  std::size_t queued_bytes() const override { return queued_bytes_; }

  void close() override {
    // The events stay: one of them may be what calls this. None comes any more.
    if (std::exchange(is_over_, true))
      return;
    if (!stream_)
      return;
    cut_soon();
    if (queue_.empty())
      say_goodbye();
  }

private:
  enum class kind : bool { text, binary };
  struct message {
    kind what;
    std::string bytes;
  };

  void secure(stream_socket socket) {
    if constexpr (std::is_same_v<Stream, stream_socket>) {
      stream_.emplace(std::move(socket));
      upgrade();
    } else {
      tls_.emplace(make_tls_context());
      stream_.emplace(std::move(socket), *tls_);
      auto& secured = stream_->next_layer();
      SSL_set_tlsext_host_name(secured.native_handle(), address_.host.c_str());
      secured.set_verify_callback(asio::ssl::host_name_verification(address_.host));
      goodbye_timer_.expires_after(handshake_patience);
      goodbye_timer_.async_wait([self = this->shared_from_this()](const error_code& error) {
        if (!error)
          self->cut();
      });
      secured.async_handshake(asio::ssl::stream_base::client,
                              [self = this->shared_from_this()](const error_code& error) {
                                self->goodbye_timer_.cancel();
                                if (self->is_over_)
                                  return;
                                if (error)
                                  return self->fail(unreachable(self->address_, error));
                                self->upgrade();
                              });
    }
  }

  void upgrade() {
    websocket::stream_base::timeout limits{};
    limits.handshake_timeout = handshake_patience;
    limits.idle_timeout = silence_max;
    limits.keep_alive_pings = true;
    stream_->set_option(limits);
    stream_->set_option(
        websocket::stream_base::decorator([token = token_](websocket::request_type& request) {
          request.set(http::field::user_agent, "roost/" ROOST_VERSION);
          request.set(http::field::sec_websocket_protocol, wire::subprotocol);
          if (!token.empty())
            request.set(http::field::authorization, "Bearer " + token);
        }));
    stream_->control_callback([this](websocket::frame_type what, auto) {
      if (what == websocket::frame_type::close)
        await_hang_up();
    });
    stream_->read_message_max(message_max);
    stream_->auto_fragment(false); // a message is one frame, whatever the size of Beast's buffer
    stream_->async_handshake(response_, address_.host_header(), "/ws",
                             [self = this->shared_from_this()](const error_code& error) {
                               if (self->is_over_)
                                 return;
                               if (error)
                                 return self->handshake_failed(error);
                               if (self->response_[http::field::sec_websocket_protocol] !=
                                   wire::subprotocol)
                                 return self->fail({exit_status::unreachable,
                                                    "the server does not speak roost.v1",
                                                    self->address_.shown(),
                                                    "is it a roostd of this version?",
                                                    {}});
                               self->is_open_ = true;
                               if (self->events_.on_open)
                                 self->events_.on_open();
                               self->read();
                             });
  }

  void handshake_failed(const error_code& error) {
    if (error == websocket::error::upgrade_declined)
      return refused();
    if (error != asio::error::broken_pipe)
      return fail(unreachable(address_, error));
    // A full server may answer and close before it has read anything, so that the request could
    // not be written. What it said is there to be read, now or never.
    cut_soon();
    http::async_read(stream_->next_layer(), buffer_, response_,
                     [self = this->shared_from_this(), error](const error_code& unread, auto) {
                       if (self->is_over_)
                         return;
                       if (unread)
                         return self->fail(unreachable(self->address_, error));
                       self->refused();
                     });
  }

  void refused() {
    ws_end end;
    end.http_status = static_cast<int>(response_.result_int());
    end.http_body = response_.body();
    end.retry_after = retry_after_in(response_[http::field::retry_after]);
    finish(end);
  }

  void fail(command_failure why) {
    ws_end end;
    end.unreachable = std::move(why);
    finish(end);
  }

  void finish(const ws_end& end) {
    if (std::exchange(is_over_, true))
      return;
    const auto events = std::exchange(events_, {});
    cut();
    if (events.on_end)
      events.on_end(end);
  }

  /// The server has said goodbye and is to end the connection first. One that does not (or that the
  /// network has lost) must not keep us.
  void await_hang_up() {
    is_closed_by_server_ = true;
    cut_soon();
  }

  void read() {
    stream_->async_read(
        buffer_, [self = this->shared_from_this()](const error_code& error, std::size_t) {
          if (self->is_over_)
            return;
          if (error) {
            ws_end end;
            if (error == websocket::error::closed || self->is_closed_by_server_) {
              end.close_code = self->stream_->reason().code;
              end.reason = std::string(self->stream_->reason().reason.c_str());
            }
            return self->finish(end);
          }
          const auto data = self->buffer_.data();
          const std::string_view bytes(static_cast<const char*>(data.data()), data.size());
          const auto& handler =
              self->stream_->got_text() ? self->events_.on_text : self->events_.on_binary;
          if (handler)
            handler(bytes);
          if (self->is_over_)
            return;
          self->buffer_.consume(data.size());
          self->read();
        });
  }

  void enqueue(kind what, std::string bytes) {
    if (is_over_ || !is_open_)
      return;
    queued_bytes_ += bytes.size();
    queue_.push_back({what, std::move(bytes)});
    if (queue_.size() == 1)
      write();
  }

  void write() {
    stream_->binary(queue_.front().what == kind::binary);
    stream_->async_write(asio::buffer(queue_.front().bytes),
                         [self = this->shared_from_this()](const error_code& error, std::size_t) {
                           self->written(error);
                         });
  }

  void written(const error_code& error) {
    // An error shows in the pending read, too, which tells the owner.
    if (error)
      return is_over_ ? cut() : void();
    const bool was_high = queued_bytes_ > low_mark;
    queued_bytes_ -= queue_.front().bytes.size();
    queue_.pop_front();
    if (!queue_.empty())
      write();
    else if (is_over_)
      return say_goodbye();
    if (!is_over_ && was_high && queued_bytes_ <= low_mark && events_.on_writable)
      events_.on_writable();
  }

  void say_goodbye() {
    if (!is_open_)
      return cut();
    stream_->async_close(websocket::close_code::normal,
                         [self = this->shared_from_this()](const error_code&) { self->cut(); });
  }

  void cut_soon() {
    goodbye_timer_.expires_after(goodbye_patience);
    goodbye_timer_.async_wait([self = this->shared_from_this()](const error_code& error) {
      if (!error)
        self->cut();
    });
  }

  void cut() {
    goodbye_timer_.cancel();
    if (!stream_)
      return;
    error_code ignored; // what matters is that the socket is gone
    beast::get_lowest_layer(*stream_).close(ignored);
  }

  asio::io_context& io_;
  server_address address_;
  ws_events events_;
  std::string token_;
  std::optional<asio::ssl::context> tls_;
  std::optional<websocket::stream<Stream>> stream_;
  websocket::response_type response_;
  beast::flat_buffer buffer_;
  std::deque<message> queue_;
  std::size_t queued_bytes_ = 0;
  asio::steady_timer goodbye_timer_;
  bool is_open_ = false;
  bool is_closed_by_server_ = false;
  bool is_over_ = false;
};

} // namespace

std::shared_ptr<ws_client> make_ws_client(asio::io_context& io, const server_address& address,
                                          ws_events events) {
  if (address.kind == transport_kind::tls)
    return std::make_shared<ws_connection<asio::ssl::stream<stream_socket>>>(io, address,
                                                                             std::move(events));
  return std::make_shared<ws_connection<stream_socket>>(io, address, std::move(events));
}

} // namespace roost::cli
