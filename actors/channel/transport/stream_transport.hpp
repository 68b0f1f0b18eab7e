#pragma once

#include "actors/channel/transport/stream_link.hpp"
#include "actors/channel/transport/transport.hpp"
#include "actors/channel/transport/trouble.hpp"
#include "actors/runtime/log.hpp"
#include "actors/terminal/pty/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/strand.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace roost::channel {

/// What the transports over a stream of bytes share: a stream_link on descriptors. Everything below
/// "protected" happens on the strand; the public methods only post to it.
class stream_transport : public transport, public std::enable_shared_from_this<stream_transport> {
public:
  void start(reply_handler on_reply) final;
  void send(request what) final;
  void cancel(std::uint64_t id) final;
  void restart() final;
  void stop(std::function<void()> done) final;
  [[nodiscard]] transport_view view() const final;

protected:
  using strand = boost::asio::strand<boost::asio::io_context::executor_type>;
  using descriptor = boost::asio::posix::stream_descriptor;

  stream_transport(boost::asio::io_context& io, std::uint64_t max_answer, const std::string& name);

  /// Once, at the start.
  virtual void begin() {}
  /// Before each request: there is a stream, or why not.
  virtual std::optional<trouble> open() = 0;
  /// The stream is given up because of this: what that really means.
  virtual trouble explain(trouble why) { return why; }
  /// The stream has ended or cannot be trusted any more; it is detached, and whoever waited has
  /// been answered.
  virtual void lost() {}
  /// Nothing is expected of the helper any more; ends with `stopped`.
  virtual void shut() = 0;

  /// The stream: where to read, and where to write if that is another one. Both non-blocking.
  void attach(terminal::unique_fd in, terminal::unique_fd out = {});
  /// No more to read or to write.
  void detach();
  /// The end of our side alone.
  void close_output() { out_.reset(); }
  [[nodiscard]] bool is_attached() const { return in_.has_value(); }
  /// Reads what has come already, a bounded amount.
  void drain();
  /// Answers whoever waits.
  void fail(const trouble& why);
  /// The stream is of no use any more: detaches, answers whoever waits, and calls `lost`.
  void give_up(trouble why);
  void stopped();
  /// Shows the numbers below, and the link's, in `view`.
  void publish();

  /// A read into the buffer that all descriptors of the transport share: bytes, 0 at the end, -1
  /// with errno.
  ssize_t read_into_buffer(descriptor& from);
  [[nodiscard]] std::string_view buffered(ssize_t size) const {
    return {buffer_.data(), static_cast<std::size_t>(size)};
  }

  strand strand_;
  log::logger log_;
  bool is_stopping_ = false;
  bool is_up_ = false;
  std::int64_t pid_ = 0;
  std::uint64_t starts_ = 0;
  std::string last_trouble_;

private:
  enum class read_step : std::uint8_t { more, nothing, over };

  void wait_readable();
  void wait_writable();
  read_step read_once();
  void flush();
  void deliver(std::vector<reply> answers);
  void answer_one(std::uint64_t id, trouble why);

  reply_handler on_reply_;
  stream_link link_;
  std::vector<char> buffer_;
  std::optional<descriptor> in_;
  std::optional<descriptor> out_; ///< nothing: `in_` goes both ways
  bool has_own_output_ = false;
  std::uint64_t epoch_ = 0; ///< of the stream: handlers of an earlier one may still come
  bool is_waiting_writable_ = false;
  bool is_stopped_ = false;
  std::vector<std::function<void()>> on_stopped_;

  mutable std::mutex view_mutex_;
  transport_view view_;
};

} // namespace roost::channel
