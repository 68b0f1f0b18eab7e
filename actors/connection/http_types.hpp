#pragma once

#include "actors/connection/principal.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::connection {

/// Names in lower case, in order.
using http_headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP request after the checks that concern every request: size, Host, Origin, credential.
/// Knows neither Beast nor CAF, so that handlers and their parsers can be tested and fuzzed alone.
struct http_request {
  std::string method;                                     ///< upper case
  std::string path;                                       ///< percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query; ///< percent-decoded, in order
  http_headers headers;
  std::string body;
  std::string correlation; ///< 32 hex digits: the W3C trace id
  std::string address;     ///< the client for people: `192.0.2.7`, or `unix`
  principal who;
  bool is_local = false; ///< came over the Unix socket

  /// The first header with this lower-case name, or an empty view.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The first query parameter with this name, or nullptr.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
};

struct http_response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The body of a response that goes on for as long as the client listens (Server-Sent Events). A
/// copyable handle, usable from any thread; letting the last copy go closes the stream.
class event_stream {
public:
  /// The side that owns the socket. Tests give their own.
  class writer {
  public:
    virtual ~writer() = default;
    /// See event_stream::write.
    virtual bool write(std::string bytes) = 0;
    /// See event_stream::close.
    virtual void close() = 0;
    /// See event_stream::when_empty.
    virtual void when_empty(std::function<void()> call) = 0;
    /// See event_stream::abort.
    virtual void abort() = 0;
  };

  explicit event_stream(std::shared_ptr<writer> to);

  /// Queues bytes for the client. False when the stream has ended: the client went away, the server
  /// shuts down, or more than the stream's bound was waiting because the client does not read
  /// (which ends it). Never blocks, never calls back.
  [[nodiscard]] bool write(std::string bytes) const;

  /// Ends the response after what was written. Later calls do nothing.
  void close() const;

  /// Calls once when all that was written has gone to the client, or when the stream has ended; on
  /// any thread, never from inside this call. A later call replaces an earlier one.
  void when_empty(std::function<void()> call) const;

  /// Breaks the response off, so that the client can tell that something is missing.
  void abort() const;

private:
  std::shared_ptr<writer> writer_;
};

/// Delivers exactly one response; dropping the last copy unanswered sends a 500 problem, so that no
/// client ever waits for nothing. May be kept and called later, from any thread.
class responder {
public:
  using sink = std::function<void(http_response)>;
  /// Sends the head of a response and leaves its body open. `on_closed` is called exactly once, on
  /// the connection's thread and never from inside another call, when the stream has ended for
  /// whatever reason, `close` included.
  using stream_opener =
      std::function<std::shared_ptr<event_stream::writer>(http_response, std::function<void()>)>;

  /// @param correlation what the 500 of an unanswered request names.
  /// @param open nothing where an open-ended answer makes no sense (tests).
  explicit responder(sink to, std::string correlation = {}, stream_opener open = {});

  /// The first call wins; later ones are ignored.
  void send(http_response answer) const;

  /// Answers with an open-ended body: `head` gives status and headers (its `body` is the first
  /// piece). Nothing when the request was answered already or its connection cannot stream (then it
  /// is still unanswered); `on_closed` is not called then.
  [[nodiscard]] std::optional<event_stream> start_stream(http_response head,
                                                         std::function<void()> on_closed) const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// Handles one checked request under `/api/v1`, `/healthz` or `/readyz`. Called on the connection's
/// thread: must not block; answers through the responder, now or later. While it has not answered,
/// the connection reads no further request.
using http_handler = std::function<void(http_request, responder)>;

} // namespace roost::connection
