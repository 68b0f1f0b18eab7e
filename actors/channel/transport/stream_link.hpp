#pragma once

#include "actors/channel/transport/line_framer.hpp"
#include "actors/channel/transport/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roost::channel {

/// What the ways that are streams of bytes (a program's stdin and stdout, a Unix socket) share: who
/// waits for an answer, what has not been written yet, and what has been read of a message. Does no
/// I/O. Each request that is accepted gets one reply: from `take`, from `fail_all`, or none if it
/// was cancelled. Not thread-safe.
class stream_link {
public:
  /// Bytes that may wait because the helper does not read.
  static constexpr std::size_t most_queued = std::size_t{4} << 20U;

  /// `max_answer`: bytes of one message.
  explicit stream_link(std::size_t max_answer) : max_answer_(max_answer), framer_(max_answer) {}

  /// Queues a request. False: too much is queued already, and the request has not been taken.
  bool add(const request& what);
  /// Nobody waits for this one any more: takes it out of the queue, or queues a notification if the
  /// helper may have seen it. Unknown ids are no mistake.
  void cancel(std::uint64_t id);

  /// What to write next, from the start of the queue; empty: nothing. Valid until the next call.
  [[nodiscard]] std::string_view to_write() const;
  /// So much of it has been written.
  void wrote(std::size_t bytes);

  /// Takes what was read, and appends the answers it holds. A failure text: the stream cannot be
  /// trusted any more; whoever reads it should end it and call `fail_all`.
  std::optional<std::string> take(std::string_view bytes, std::vector<reply>& answers);

  /// The stream has ended: all requests that are out get this answer, and the next stream starts
  /// with an empty queue.
  void fail_all(reply_kind kind, const std::string& detail, std::vector<reply>& answers);

  [[nodiscard]] std::size_t in_flight() const { return waiting_.size(); }
  [[nodiscard]] std::size_t queued_bytes() const { return queued_bytes_; }
  /// Totals over all streams.
  [[nodiscard]] std::uint64_t unknown() const { return unknown_; }
  [[nodiscard]] std::uint64_t violations() const { return violations_; }

private:
  struct line {
    std::uint64_t id = 0;
    bool is_request = false; ///< and somebody waits for its answer
    std::string text;
  };
  using queue = std::list<line>;

  bool push(line what);
  void pop(queue::iterator which);

  std::size_t max_answer_;
  line_framer framer_;
  queue queue_;
  std::size_t written_ = 0; ///< of the first line
  std::size_t queued_bytes_ = 0;
  /// Requests without an answer; where they are in the queue if they are.
  std::unordered_map<std::uint64_t, std::optional<queue::iterator>> waiting_;
  std::uint64_t unknown_ = 0;
  std::uint64_t violations_ = 0;
};

} // namespace roost::channel
