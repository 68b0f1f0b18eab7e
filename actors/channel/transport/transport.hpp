#pragma once

#include "actors/runtime/clock.hpp"

#include <cstdint>
#include <functional>
#include <string>

/// The way to a helper process, spoken in JSON-RPC 2.0 (https://www.jsonrpc.org/specification).
/// I/O only: no actor, no judgement.
namespace roost::channel {

/// A JSON-RPC request. `id` is unique in the life of the transport's owner.
struct request {
  std::uint64_t id = 0;
  std::string method;
  std::string params;   ///< JSON text: an object or an array; empty: none
  steady_time deadline; ///< of the attempt; the owner cancels at it, the transport need not
};

enum class reply_kind : std::uint8_t {
  value,        ///< `result`
  helper_error, ///< `error`
  unavailable,  ///< nothing is there: no such program, socket or host, or nobody listens
  transport,    ///< it was there, and went away, or could not be written to
  protocol,     ///< what came is not JSON-RPC, or too large
  overload      ///< it said that it has too much to do (HTTP 429, 503)
};

/// What became of a request.
struct reply {
  std::uint64_t id = 0;
  reply_kind kind = reply_kind::value;
  std::string value;     ///< JSON text of `result`
  std::int64_t code = 0; ///< helper_error: the error's `code`
  std::string category;  ///< helper_error: `error.data.category`, if it is a short text
  std::string detail;    ///< for the log alone: may hold secrets, paths, hosts
};

/// What the transport has seen. Totals never fall.
struct transport_view {
  bool is_up = false;       ///< a program runs, or the last connection held
  std::int64_t pid = 0;     ///< of a program; 0: none
  std::uint64_t starts = 0; ///< of the program, or connections made
  std::uint64_t unknown =
      0; ///< messages with an id that nobody waits for: late, twice, or never asked
  std::uint64_t violations = 0;   ///< what was not JSON-RPC, or too large
  std::uint64_t queued_bytes = 0; ///< not written yet
  std::string last_trouble;       ///< for the log and administrators
};

/// One helper. Made stopped. The owner may call from any thread; handlers are called on a thread of
/// the io_context, never from within a call to the transport, and not after `stop` is done.
class transport {
public:
  /// Called once for each request, unless that was cancelled before. Must not block or throw.
  using reply_handler = std::function<void(reply)>;

  virtual ~transport() = default;

  /// Once, first.
  virtual void start(reply_handler on_reply) = 0;
  virtual void send(request what) = 0;
  /// Nobody waits for the answer any more: tells the helper (`$/cancelRequest`, or the end of the
  /// connection), and drops what may still come. Unknown ids are no mistake.
  virtual void cancel(std::uint64_t id) = 0;
  /// The helper does not answer and should be started anew, if it can be. The default does nothing.
  virtual void restart() {}
  /// Ends the helper or the connections; requests that are out are not answered any more. `done` is
  /// called once, within some seconds. Idempotent.
  virtual void stop(std::function<void()> done) = 0;

  [[nodiscard]] virtual transport_view view() const = 0;
};

} // namespace roost::channel
