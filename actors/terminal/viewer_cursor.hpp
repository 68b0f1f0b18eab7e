#pragma once

#include <algorithm>
#include <cstdint>

namespace roost::terminal {

/// How far one viewer of a terminal is: what was sent to it, what its terminal has parsed, and how
/// much more it may be sent. Credit is counted in bytes of output plus the bytes of a snapshot that
/// was not acked yet, so a client that never acks costs one window and no more. Pure; the
/// terminal's actor owns it.
class viewer_cursor {
public:
  /// @param window bytes that may be unacknowledged; at least 1.
  /// @param offset where the viewer's stream starts.
  viewer_cursor(std::uint64_t window, std::uint64_t offset)
      : window_(window), sent_(offset), acked_(offset) {}

  /// Offset of the next byte to send.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t acked() const { return acked_; }
  /// Bytes sent and not parsed yet.
  [[nodiscard]] std::uint64_t outstanding() const { return sent_ - acked_ + snapshot_; }
  /// Bytes that may be sent now.
  [[nodiscard]] std::uint64_t credit() const {
    return outstanding() >= window_ ? 0 : window_ - outstanding();
  }
  /// Nothing is on its way: the moment to resync a viewer that fell behind.
  [[nodiscard]] bool is_drained() const { return outstanding() == 0; }

  void on_sent(std::uint64_t bytes) { sent_ += bytes; }

  /// A snapshot of `bytes` was sent; output goes on at `offset`.
  void on_snapshot(std::uint64_t offset, std::uint64_t bytes) {
    sent_ = offset;
    acked_ = offset;
    snapshot_ = bytes;
  }

  /// The client acked. An offset beyond what was sent, or behind the last ack, is taken as far as
  /// it makes sense: it can come from a client that is confused, and must not open the window too
  /// far.
  /// @returns whether anything moved.
  bool on_ack(std::uint64_t offset) {
    if (offset < acked_)
      return false;
    const bool moved = offset > acked_ || snapshot_ > 0;
    snapshot_ = 0;
    acked_ = std::min(offset, sent_);
    return moved;
  }

private:
  std::uint64_t window_;
  std::uint64_t sent_;
  std::uint64_t acked_;
  std::uint64_t snapshot_ = 0; ///< bytes of the snapshot that is not acked yet
};

} // namespace roost::terminal
