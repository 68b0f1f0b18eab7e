#include "actors/connection/ws_stream.hpp"

#include "actors/connection/counted_stream.hpp"
#include "actors/connection/outgoing.hpp"
#include "actors/runtime/token_bucket.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <functional>
#include <mutex>
#include <random>
#include <utility>
#include <vector>

namespace roost::connection {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

namespace {

using steady = std::chrono::steady_clock;

// Enough for a keystroke or an ack, in one read.
constexpr std::size_t first_read = 128;
// Small enough that a flood of large messages does not make a neighbour on this thread wait.
constexpr std::size_t next_read = std::size_t{16} << 10;
// What of a message goes beyond this takes its turn with all other large messages of the thread. A
// keystroke waits for each turn of its thread that is taken between its own; a megabyte that comes
// some milliseconds later troubles nobody.
constexpr std::size_t large_message = std::size_t{64} << 10;
constexpr std::uint64_t large_rate = std::uint64_t{48} << 20; // bytes per second and thread
// A read buffer that held more than a few keys is given back.
constexpr std::size_t keep_read_buffer = 512;

/// A buffer sequence that refers to buffers kept elsewhere: Beast copies the sequence it is given,
/// often.
class buffers_ref {
public:
  using value_type = asio::const_buffer;
  using const_iterator = const asio::const_buffer*;

  explicit buffers_ref(const std::vector<asio::const_buffer>& buffers)
      : begin_(buffers.data()), end_(buffers.data() + buffers.size()) {}
  [[nodiscard]] const_iterator begin() const { return begin_; }
  [[nodiscard]] const_iterator end() const { return end_; }

private:
  const_iterator begin_;
  const_iterator end_;
};

/// Of the large messages that the calling thread reads, whoever sends them.
token_bucket& large_pace() {
  thread_local token_bucket pace{large_rate, next_read};
  return pace;
}

template <class Socket>
class ws_stream_impl final : public ws_stream,
                             public std::enable_shared_from_this<ws_stream_impl<Socket>> {
public:
  ws_stream_impl(Socket socket, ws_handoff handoff, std::shared_ptr<const ws_config> config,
                 std::shared_ptr<ws_listener> listener, std::shared_ptr<connection_figures> figures)
      : config_(std::move(config)), listener_(std::move(listener)), figures_(std::move(figures)),
        request_(std::make_unique<upgrade_request>(std::move(handoff.request))),
        correlation_(std::move(handoff.correlation)), claim_(std::move(handoff.claim)),
        is_early_(handoff.leftover.size() > 0),
        ws_(std::move(socket), inbound_pace(config_->inbound_rate, config_->inbound_burst)),
        heartbeat_(ws_.get_executor()), write_watch_(ws_.get_executor()) {}

  void start() override {
    asio::dispatch(ws_.get_executor(), [self = this->shared_from_this()] { self->accept(); });
  }

  void send_text(std::string text) override {
    send_shared_text(std::make_shared<const std::string>(std::move(text)));
  }

  void send_shared_text(std::shared_ptr<const std::string> text) override {
    enqueue([text = std::move(text)](ws_stream_impl& me) mutable {
      if (me.queue_.text_bytes() + text->size() > me.config_->max_text_queue) {
        me.cut(4008); // it asks for more than it reads
        return;
      }
      me.queue_.push_text(std::move(text));
    });
  }

  void send_output(std::uint32_t stream, std::uint64_t offset, slice bytes) override {
    enqueue([stream, offset, bytes = std::move(bytes)](ws_stream_impl& me) mutable {
      me.queue_.push_output(stream, offset, std::move(bytes));
    });
  }

  void send_snapshot(std::uint32_t stream, std::uint64_t offset, wire::snapshot_reason reason,
                     std::shared_ptr<const std::string> bytes) override {
    enqueue([stream, offset, reason, bytes = std::move(bytes)](ws_stream_impl& me) mutable {
      me.queue_.drop_stream(stream); // what the snapshot replaces
      me.queue_.push_snapshot(stream, offset, reason, std::move(bytes));
    });
  }

  void drop_stream(std::uint32_t stream) override {
    enqueue([stream](ws_stream_impl& me) { me.queue_.drop_stream(stream); });
  }

  void close(std::uint16_t code, std::string reason) override {
    // After what was to be sent before.
    enqueue([code, reason = std::move(reason)](ws_stream_impl& me) mutable {
      me.is_closing_ = true;
      me.close_reason_ = {code, std::move(reason)};
      me.arm_close_deadline();
    });
  }

  void go_on() override {
    asio::dispatch(ws_.get_executor(), [self = this->shared_from_this()] {
      if (self->is_reading_paused_)
        self->read_on();
    });
  }

  void run(std::function<void()> f) override {
    asio::dispatch(ws_.get_executor(),
                   [self = this->shared_from_this(), f = std::move(f)] { f(); });
  }

private:
  // Without permessage-deflate: terminals echo secrets (RFC 7692, 9.2; CRIME), and its buffers cost
  // each connection more than all the rest.
  using ws_type = websocket::stream<counted_stream<Socket>, false>;

  /// Runs `f` on the stream's thread, and what is enqueued later after it. A dispatch alone does
  /// not say so: from another thread it waits for its turn, while the next one, from this thread,
  /// would run at once and overtake it.
  template <class F>
  void enqueue(F f) {
    {
      const std::lock_guard lock(orders_mutex_);
      if (std::exchange(is_order_under_way_, true)) {
        orders_.emplace_back(std::move(f));
        return;
      }
    }
    asio::dispatch(ws_.get_executor(),
                   [self = this->shared_from_this(), f = std::move(f)]() mutable {
                     self->obey(f);
                     self->obey_waiting();
                   });
  }

  template <class F>
  void obey(F& f) {
    if (is_closed_ || is_closing_)
      return;
    f(*this);
    note_queue();
    write_next();
  }

  void obey_waiting() {
    for (std::vector<std::function<void(ws_stream_impl&)>> batch;; batch.clear()) {
      {
        const std::lock_guard lock(orders_mutex_);
        if (orders_.empty()) {
          is_order_under_way_ = false;
          return;
        }
        batch.swap(orders_);
      }
      for (auto& each : batch)
        obey(each);
    }
  }

  void accept() {
    if (is_early_) { // RFC 6455, 4.1: a client waits for the answer before it sends anything
      cut(1002);
      return;
    }
    ws_.set_option(websocket::stream_base::timeout{config_->write_timeout,
                                                   websocket::stream_base::none(), false});
    ws_.set_option(
        websocket::stream_base::decorator([id = correlation_](websocket::response_type& r) {
          r.set(beast::http::field::sec_websocket_protocol, wire::subprotocol);
          r.set("X-Correlation-Id", id);
        }));
    ws_.auto_fragment(false); // one frame per message: Beast then writes from our memory
    ws_.read_message_max(config_->max_frame);
    ws_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (is_closed_)
        return;
      if (kind == websocket::frame_type::pong)
        on_pong();
      if (!ws_.next_layer().pace().control_frame(steady::now()))
        close(4429, "too many control frames");
    });
    ws_.async_accept(*request_, [self = this->shared_from_this()](beast::error_code ec) {
      self->request_.reset();
      if (ec || !self->claim_.commit()) { // gone, or too late: its place is another's
        self->cut(ec ? 1006 : 1013);
        return;
      }
      self->is_open_ = true;
      self->listener_->on_open();
      self->schedule_ping();
      self->read();
      self->write_next();
    });
  }

  // Piece by piece: while nothing comes, a whole message's buffer would be held for nothing.
  void read() {
    const auto limit = read_buffer_.size() == 0 ? first_read : next_read;
    // To grow by doubling would copy half of it in one turn. Memory that is not written to yet is
    // not used yet.
    if (read_buffer_.size() > large_message)
      read_buffer_.reserve(config_->max_frame + next_read);
    ws_.async_read_some(read_buffer_, limit,
                        [self = this->shared_from_this()](beast::error_code ec, std::size_t n) {
                          if (ec) {
                            self->finish(self->code_after(ec));
                            return;
                          }
                          if (self->is_closed_)
                            return; // what Beast had read before it was cut
                          if (self->read_buffer_.size() > large_message)
                            self->await_turn(n);
                          else
                            self->use_what_is_read();
                        });
  }

  void use_what_is_read() {
    if (ws_.is_message_done())
      handle_message();
    read_on();
  }

  /// `n` bytes of a large message were read.
  void await_turn(std::size_t n) {
    const auto now = steady::now();
    large_pace().take(n);
    const auto turn = large_pace().ready_at(now);
    if (turn <= now) {
      use_what_is_read();
      return;
    }
    if (!turn_)
      turn_ = std::make_unique<connection_timer>(ws_.get_executor());
    turn_->expires_at(turn);
    turn_->async_wait([self = this->shared_from_this()](boost::system::error_code) {
      if (!self->is_closed_)
        self->use_what_is_read();
    });
  }

  /// Not before what was read is worked off: a mailbox has no bound of its own.
  void read_on() {
    if (is_closed_)
      return;
    is_reading_paused_ = !is_closing_ && !listener_->has_room();
    if (!is_reading_paused_)
      read();
  }

  void handle_message() {
    const auto bytes = read_buffer_.cdata();
    const std::string_view view{static_cast<const char*>(bytes.data()), bytes.size()};
    figures_->bytes_in.store(ws_.next_layer().received(), std::memory_order_relaxed);
    if (!is_closing_) {
      if (ws_.got_text()) {
        if (ws_.next_layer().pace().wish(steady::now()))
          listener_->on_text(view);
        else
          close(4429, "too many requests");
      } else {
        handle_binary(view);
      }
    }
    read_buffer_.consume(read_buffer_.size());
    if (read_buffer_.capacity() > keep_read_buffer)
      read_buffer_ = beast::flat_buffer{};
  }

  void handle_binary(std::string_view view) {
    wire::frame frame;
    const auto status = wire::decode(view, frame);
    if (status != wire::decode_status::ok) {
      listener_->on_bad_frame(wire::to_string(status));
    } else if (const auto* typed = std::get_if<wire::input_frame>(&frame)) {
      ws_.next_layer().pace().message(inbound_pace::input_cost);
      listener_->on_input(*typed);
    } else if (const auto* parsed = std::get_if<wire::ack_frame>(&frame)) {
      ws_.next_layer().pace().message(inbound_pace::ack_cost);
      listener_->on_ack(*parsed);
    } else {
      listener_->on_bad_frame("only the server sends this kind of frame");
    }
  }

  void write_next() {
    if (is_writing_ || !is_open_ || is_closed_)
      return;
    if (queue_.is_empty()) {
      if (is_closing_)
        send_close();
      return;
    }
    is_writing_ = true;
    current_ = queue_.pop();
    note_queue();
    buffers_.clear();
    if (current_.header_size > 0)
      buffers_.emplace_back(current_.header.data(), current_.header_size);
    if (current_.body)
      buffers_.emplace_back(current_.body->data(), current_.body->size());
    for (const auto& piece : current_.slices)
      buffers_.emplace_back(piece.data.get(), piece.size);
    watch_write();
    ws_.text(current_.what == outgoing_message::kind::text);
    ws_.async_write(buffers_ref(buffers_),
                    [self = this->shared_from_this()](beast::error_code ec, std::size_t) {
                      self->is_writing_ = false;
                      self->current_ = {};
                      self->note_queue();
                      if (ec)
                        self->cut(1006);
                      else
                        self->write_next();
                    });
  }

  void note_queue() {
    figures_->queued_bytes.store(queue_.bytes() + current_.payload, std::memory_order_relaxed);
    figures_->bytes_out.store(ws_.next_layer().written(), std::memory_order_relaxed);
  }

  // ---- a peer that takes nothing ----

  void watch_write() {
    write_began_ = steady::now();
    if (std::exchange(is_watching_, true))
      return;
    await_progress(write_began_ + config_->write_timeout);
  }

  void await_progress(steady::time_point until) {
    write_watch_.expires_at(until);
    write_watch_.async_wait([self = this->shared_from_this()](boost::system::error_code ec) {
      if (ec || self->is_closed_ || !self->is_writing_) {
        self->is_watching_ = false;
        return;
      }
      const auto last = std::max(self->write_began_, self->ws_.next_layer().progress_at());
      const auto due = last + self->config_->write_timeout;
      if (due <= steady::now())
        self->cut(4008);
      else
        self->await_progress(due);
    });
  }

  // ---- a peer that is not there ----

  void schedule_ping() {
    // Jitter keeps ten thousand tabs that reconnected together from being pinged together.
    thread_local std::minstd_rand random{std::random_device{}()};
    const auto base = config_->heartbeat_interval;
    const auto jitter =
        std::uniform_int_distribution<std::int64_t>(-base.count() / 5, base.count() / 5)(random);
    heartbeat_.expires_after(base + std::chrono::milliseconds(jitter));
    heartbeat_.async_wait([self = this->shared_from_this()](boost::system::error_code ec) {
      if (!ec && !self->is_closed_ && !self->is_closing_)
        self->ping();
    });
  }

  void ping() {
    pinged_at_ = steady::now();
    ws_.async_ping({}, [self = this->shared_from_this()](beast::error_code) {
      // A failed write shows in the read, too; a ping stuck behind one has no pong.
    });
    heartbeat_.expires_after(config_->heartbeat_timeout);
    heartbeat_.async_wait([self = this->shared_from_this()](boost::system::error_code ec) {
      if (!ec && !self->is_closed_)
        self->cut(1006);
    });
  }

  void on_pong() {
    if (pinged_at_ == steady::time_point{} || is_closing_)
      return;
    const auto took = steady::now() - pinged_at_;
    pinged_at_ = {};
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    figures_->rtt_us.store(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(us)),
                           std::memory_order_relaxed);
    schedule_ping();
  }

  // ---- the end ----

  void arm_close_deadline() {
    heartbeat_.expires_after(config_->close_timeout);
    heartbeat_.async_wait([self = this->shared_from_this()](boost::system::error_code ec) {
      if (!ec && !self->is_closed_)
        self->cut(self->close_reason_.first);
    });
  }

  void send_close() {
    if (std::exchange(has_sent_close_, true))
      return;
    websocket::close_reason reason;
    reason.code = close_reason_.first;
    reason.reason = beast::string_view(close_reason_.second).substr(0, 123);
    ws_.async_close(reason, [self = this->shared_from_this()](beast::error_code) {
      // Answered or not: the close deadline bounds the wait.
      self->finish(self->close_reason_.first);
    });
  }

  /// What a read that failed says about the end.
  [[nodiscard]] std::uint16_t code_after(beast::error_code ec) {
    if (is_closing_)
      return close_reason_.first;
    if (ec == websocket::error::closed)
      return ws_.reason().code == websocket::close_code::none ? 1005 : ws_.reason().code;
    if (ec == websocket::error::message_too_big || ec == websocket::error::buffer_overflow)
      return 1009;
    if (ec == websocket::error::bad_frame_payload)
      return 1007;
    return ec == websocket::condition::protocol_violation ? 1002 : 1006;
  }

  void cut(std::uint16_t code) {
    boost::system::error_code ignored; // the socket is given up anyway
    beast::get_lowest_layer(ws_).close(ignored);
    finish(code);
  }

  void finish(std::uint16_t code) {
    if (std::exchange(is_closed_, true))
      return;
    ws_.next_layer().stop_pausing();
    boost::system::error_code ignored; // nothing is left to save on this socket
    beast::get_lowest_layer(ws_).close(ignored);
    heartbeat_.cancel();
    write_watch_.cancel();
    if (turn_)
      turn_->cancel();
    queue_ = {};
    figures_->queued_bytes.store(0, std::memory_order_relaxed);
    claim_.release();
    // Not from inside a call: `cut` may have been reached from one.
    asio::post(ws_.get_executor(), [self = this->shared_from_this(), code] {
      self->listener_->on_closed(code);
      self->listener_.reset();
    });
  }

  using connection_timer =
      asio::basic_waitable_timer<steady, asio::wait_traits<steady>, connection_executor>;
  using upgrade_request = beast::http::request<beast::http::empty_body>;

  const std::shared_ptr<const ws_config> config_;
  std::shared_ptr<ws_listener> listener_;
  const std::shared_ptr<connection_figures> figures_;
  std::unique_ptr<upgrade_request> request_; ///< until it is answered
  std::string correlation_;
  place claim_;
  bool is_early_;
  beast::flat_buffer read_buffer_; ///< one message; bounded by read_message_max
  ws_type ws_;
  connection_timer heartbeat_;
  connection_timer write_watch_;
  std::unique_ptr<connection_timer> turn_; ///< for the next piece of a large message; few need it

  std::mutex orders_mutex_;
  bool is_order_under_way_ = false;
  std::vector<std::function<void(ws_stream_impl&)>> orders_; ///< wait for the one under way
  outgoing_queue queue_;
  outgoing_message current_;
  std::vector<asio::const_buffer> buffers_;
  std::pair<std::uint16_t, std::string> close_reason_{1000, {}};
  steady::time_point write_began_{};
  steady::time_point pinged_at_{};
  bool is_open_ = false;
  bool is_reading_paused_ = false;
  bool is_writing_ = false;
  bool is_watching_ = false;
  bool is_closing_ = false;
  bool has_sent_close_ = false;
  bool is_closed_ = false;
};

} // namespace

std::shared_ptr<ws_stream> ws_stream::make(ws_handoff handoff,
                                           std::shared_ptr<const ws_config> config,
                                           std::shared_ptr<ws_listener> listener,
                                           std::shared_ptr<connection_figures> figures) {
  auto socket = std::move(handoff.socket);
  if (auto* bare = std::get_if<plain_socket>(&socket))
    return std::make_shared<ws_stream_impl<plain_socket>>(std::move(*bare), std::move(handoff),
                                                          std::move(config), std::move(listener),
                                                          std::move(figures));
  auto& secure = std::get<std::unique_ptr<tls_stream>>(socket);
  return std::make_shared<ws_stream_impl<tls_stream>>(std::move(*secure), std::move(handoff),
                                                      std::move(config), std::move(listener),
                                                      std::move(figures));
}

} // namespace roost::connection
