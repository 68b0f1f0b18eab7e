#pragma once

#include "actors/connection/http_types.hpp"
#include "actors/connection/listener.hpp"
#include "actors/connection/request_gate.hpp"
#include "actors/connection/response_head.hpp"
#include "actors/connection/stream_body.hpp"
#include "actors/connection/tls.hpp"
#include "actors/connection/ws_handoff.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace roost::connection {

/// Bounds of one HTTP connection.
struct http_limits {
  std::chrono::milliseconds handshake_timeout{5'000}; ///< TLS; and a whole header, however slow
  std::chrono::milliseconds body_timeout{60'000};     ///< a whole body
  std::chrono::milliseconds keep_alive{15'000};       ///< waiting for another request
  std::chrono::milliseconds write_timeout{10'000};    ///< without one byte taken by the client
  std::chrono::milliseconds linger{2'000};            ///< for the client to read a last answer
  std::uint32_t max_requests = 1'000;                 ///< on one connection
  std::uint32_t header_bytes = 16 * 1024;
  std::size_t stream_queue = std::size_t{256} << 10; ///< of an open-ended response
};

class http_stream;

/// What an http_stream asks of its owner. Called on the connection's thread, from many connections
/// at once; must not block.
class http_service {
public:
  virtual ~http_service() = default;

  /// Whether a request may go on, when its header is there: else the answer for it.
  virtual std::variant<admission, http_response>
  admit(const http_request& request, request_kind kind, const connection_facts& facts) = 0;
  /// Answers one request, now or later.
  virtual void handle(http_request request, responder answer) = 0;
  /// Who asks, when the connection is a trusted proxy's; else the peer.
  virtual std::string client_of(const std::string& peer, const http_headers& headers) = 0;
  /// A proxy has told whose connection this is: nothing, or the answer that ends it.
  virtual std::optional<http_response> identify(const place& claim, const std::string& client) = 0;
  /// A trusted proxy brings a request of another: nothing, or the answer for it.
  virtual std::optional<http_response> represent(const place& claim, const std::string& peer,
                                                 const http_request& request) = 0;
  /// A place for a WebSocket that passed every other check; else the answer for it.
  virtual std::variant<place, http_response> reserve(const http_request& request) = 0;
  /// What `reserve` would answer if it had to refuse, for a page whose browser does not tell.
  virtual std::optional<http_response> foresee(const http_request& request) = 0;
  /// Something that nobody answers for but counts.
  virtual void note(refusal why) = 0;
  virtual void note(slow_phase what) = 0;
  /// Takes an upgrade over.
  virtual void upgrade(ws_handoff handoff) = 0;
  /// The connection is closed, or was handed over. Exactly once, the last call for this stream.
  virtual void closed(const http_stream& stream) = 0;
};

/// One accepted socket while it speaks HTTP/1.x: TLS handshake, requests one after the other,
/// responses, and the way out into a WebSocket. Holds the deadlines that make every state end: the
/// header's and body's are absolute, the write's counts from the last byte that the client took.
///
/// Confined to its socket's thread, apart from the responders and event streams that it gives out,
/// which may be used from any thread. Keeps itself alive through its pending operations. No CAF.
class http_stream : public std::enable_shared_from_this<http_stream> {
public:
  struct environment {
    std::shared_ptr<http_service> service;
    http_limits limits;
    tls_context tls;               ///< nothing: plain HTTP
    bool has_proxy_header = false; ///< a PROXY header comes first
    const clock& time;
    random_source& random; ///< thread-safe (os_random)
  };

  /// @param peer the principal of a Unix socket's peer, nothing on TCP.
  http_stream(accepted from, std::optional<principal> peer, place claim, environment surroundings);
  http_stream(const http_stream&) = delete;
  http_stream& operator=(const http_stream&) = delete;

  void start();
  /// Ends soon and politely: at once when idle, else after the response in hand; an open-ended
  /// response is ended. From any thread.
  void drain();
  /// Ends now. From any thread.
  void abort();
  /// It has lost its place: ends now, unless it is answering a request, which it does first. From
  /// any thread.
  void give_way();
  /// Whether it came over the Unix socket.
  [[nodiscard]] bool is_local() const { return is_local_; }

private:
  enum class phase : std::uint8_t {
    handshake,
    header,
    body,
    handling,  ///< the request is with its handler
    writing,   ///< the response is on its way
    streaming, ///< an open-ended response
    lingering, ///< everything is sent; the client gets time to read it
    closed,
  };
  using request_parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using error_code = boost::system::error_code;

  // http_stream.cpp: life, deadlines, bytes that come
  void begin();
  void read_proxy_header(std::size_t wanted);
  void greet();
  void sniff_tls();
  void handshake();
  void read_more();
  void on_read(const error_code& ec, std::size_t size);
  void on_input_while_busy();
  void await_request();
  void arm(std::chrono::milliseconds after);
  void on_deadline();
  void finish();

  // http_read.cpp: from bytes to a request that may go on
  void parse();
  void on_header();
  bool collect_request();
  void admit_request();
  void begin_body();
  void handle_request();
  void settle();
  void hand_over();
  void refuse(const failure& why);
  void refuse_header();

  // http_write.cpp: responses
  void respond(http_response answer);
  void on_response(std::uint64_t serial, http_response answer);
  responder make_responder();
  void begin_stream(std::uint64_t serial, http_response head, std::shared_ptr<stream_body> body,
                    std::function<void()> on_closed);
  void flush_stream();
  void write(std::string first, std::string second = {});
  void write_some();
  void on_written();
  void close_politely();
  void discard_input();

  template <class Operation>
  void on_socket(Operation&& operation) {
    if (auto* bare = std::get_if<plain_socket>(&socket_))
      operation(*bare);
    else
      operation(*std::get<std::unique_ptr<tls_stream>>(socket_));
  }
  [[nodiscard]] bool should_close_after_this() const;

  const environment env_;
  const bool is_local_;
  const connection_facts facts_;
  std::string address_; ///< the peer, or whom its PROXY header names
  client_socket socket_;
  place claim_;
  connection_executor executor_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_serial_ = 0;

  phase phase_ = phase::handshake;
  static constexpr std::size_t read_size = std::size_t{16} << 10;
  /// What a client may send ahead while its request is being answered. Past it nothing more is
  /// read, so the kernel's flow control holds the client.
  static constexpr std::size_t max_ahead = std::size_t{64} << 10;
  std::unique_ptr<std::array<char, read_size>> arriving_; ///< the target of the pending read
  boost::beast::flat_buffer input_;                       ///< what has come and is not parsed yet
  std::optional<request_parser> parser_;
  std::size_t header_used_ = 0; ///< bytes of the current header that the parser has taken
  std::ptrdiff_t header_fields_ = 0;
  http_request request_;
  std::string correlation_; ///< of the current request, which its handler owns once it has it
  int http_version_ = 11;
  bool is_head_request_ = false;
  bool wants_close_ = false; ///< the client's wish, the request limit, or an unread body
  bool is_reading_ = false;
  bool is_input_ended_ = false;
  bool is_handing_over_ = false;
  bool is_settled_ = false; ///< it has asked something that may be answered: no handshake any more
  bool is_draining_ = false;
  std::uint32_t requests_ = 0;
  std::uint64_t serial_ = 0; ///< of the current request: later answers to earlier ones are ignored
  bool is_idle_ = false;     ///< waits for another request, and may be closed to make room

  std::string out_first_; ///< head, and body when it is small
  std::string out_second_;
  std::size_t out_done_ = 0;
  bool is_writing_ = false;
  std::shared_ptr<stream_body> stream_;
  std::function<void()> on_stream_closed_;
  body_framing stream_framing_ = body_framing::chunked;
  bool is_stream_ending_ = false;
};

} // namespace roost::connection
