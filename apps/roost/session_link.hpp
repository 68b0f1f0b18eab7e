#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>

#include "apps/roost/outcome.hpp"
#include "apps/roost/reconnect_policy.hpp"
#include "apps/roost/server_address.hpp"
#include "apps/roost/terminal_sequences.hpp"
#include "apps/roost/viewer_stream.hpp"
#include "apps/roost/ws_client.hpp"

namespace roost::cli {

/// Whether a viewer types or only watches.
enum class viewing : std::uint8_t { control, view };

/// What to attach to, and as what.
struct link_options {
  server_address address;
  std::string token;
  std::string session; ///< its full id
  viewing mode = viewing::control;
  terminal_size size;
  std::optional<stream_position> since; ///< resume here; else the server sends a snapshot
};

/// What the server said to an attach.
struct link_attached {
  bool is_first = false;    ///< of this link: no reconnection
  bool is_snapshot = false; ///< else the missing bytes follow
  bool is_holder = false;
  viewing mode = viewing::control;
  terminal_size size; ///< the session's
};

/// How a link ends for good: the session has ended, or coming back is of no use. With neither the
/// session has ended in a way that the server did not tell.
struct link_end {
  std::optional<boost::json::object> exited; ///< the server's `exited` message
  std::optional<command_failure> failure;
};

/// What the owner hears, on the io_context's thread. Views live during the call only. `on_end`
/// comes once and last.
struct link_events {
  std::function<void(const link_attached&)> on_attached;
  std::function<void(std::string_view bytes, queries mode, std::uint64_t end)> on_output;
  std::function<void(std::string_view bytes, std::uint64_t end)> on_snapshot;
  std::function<void(terminal_size)> on_resized;
  std::function<void(std::string_view why, std::chrono::milliseconds retry_in)> on_lost;
  /// The server has ended the connection because nobody was there (4408); `hurry()` comes back.
  /// Without a handler the link ends instead.
  std::function<void()> on_idle;
  /// It is about to do so.
  std::function<void()> on_idle_warning;
  /// Whether the server has no place left for another connection.
  std::function<void(bool is_full)> on_pressure;
  std::function<void(std::string_view text)> on_notice;
  std::function<void()> on_writable; ///< there is room for input again
  std::function<void(const link_end&)> on_end;
};

/// One client's connection to one session, over any number of WebSockets: attaches by epoch and
/// offset, acknowledges what the terminal has taken, and comes back after a break as the close
/// codes say. Single-threaded, on one io_context, which must outlive it.
class session_link {
public:
  session_link(boost::asio::io_context& io, link_options options, link_events events);
  ~session_link();
  session_link(const session_link&) = delete;
  session_link& operator=(const session_link&) = delete;

  void start();

  /// Sends keys. While the connection is away they are kept, up to 1 MiB; past it they are dropped
  /// and the answer is false.
  bool send_input(std::string_view bytes);
  /// False while so much input is queued that the caller should stop reading its own.
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] bool is_attached() const noexcept { return is_attached_; }
  [[nodiscard]] bool is_holder() const noexcept { return stream_.is_holder(); }

  /// A person is waiting: cuts the delay before the next attempt short, at most once a second, and
  /// comes back at once after `on_idle`.
  void hurry();
  /// Answers an idle warning: somebody still wants the output.
  void stay();
  /// The user's window has another size.
  void resize(terminal_size size);
  /// Asks for a snapshot.
  void refresh();
  /// The terminal has taken everything up to `offset`.
  void written(std::uint64_t offset);
  /// Leaves the session, after the input that is queued. No event comes any more.
  void detach();

private:
  void connect();
  void on_open();
  void on_text(std::string_view text);
  void on_binary(std::string_view bytes);
  void on_socket_end(const ws_end& end);
  void on_attached_message(const boost::json::object& message);
  void on_error_message(const boost::json::object& message);
  void retry(std::uint16_t code, std::string_view why,
             std::optional<std::chrono::milliseconds> hint);
  void await_person();
  void finish(link_end end);
  void drop_socket();
  void send_json(const boost::json::object& message);
  void send_input_frames(std::string_view bytes);
  void send_ack(std::uint64_t least);
  [[nodiscard]] bool is_mine(const boost::json::object& message) const;

  boost::asio::io_context& io_;
  link_options options_;
  link_events events_;
  viewer_stream stream_;
  reconnect_policy policy_;
  std::shared_ptr<ws_client> socket_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer ack_timer_;
  std::string connection_; ///< the server's name for this connection
  std::string kept_input_;
  std::optional<std::chrono::milliseconds> drain_hint_;
  std::chrono::steady_clock::time_point attached_at_{};
  std::chrono::steady_clock::time_point tried_at_{};
  bool is_retry_pending_ = false;
  bool was_attached_ = false;
  bool is_attached_ = false;
  bool is_over_ = false;
  bool is_ack_due_ = false;
};

} // namespace roost::cli
