#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apps/roost/query_filter.hpp"
#include "protocols/wire/roost_v1.hpp"

namespace roost::cli {

/// A place in a session's output.
struct stream_position {
  std::string epoch;
  std::uint64_t offset = 0;
  friend bool operator==(const stream_position&, const stream_position&) = default;
};

/// What the server's `attached` message says about the stream that follows.
struct attached_facts {
  stream_position start;
  std::uint64_t live_offset = 0; ///< bytes before it are replayed: nobody may answer their queries
  bool is_holder = false;
};

/// What becomes of an output frame.
enum class frame_verdict : std::uint8_t {
  taken,
  gap, ///< bytes are missing before it: ask for a snapshot
};

/// A client's place in the output of one session: nothing lost, nothing doubled, over any number of
/// connections; what may answer queries; and what to acknowledge. Pure; not thread-safe.
class viewer_stream {
public:
  /// Receives bytes for the terminal, in order, and the offset at their end.
  using sink = std::function<void(std::string_view bytes, queries mode, std::uint64_t end)>;

  /// A connection has attached. Bytes that were already received are skipped when they come again.
  void attached(const attached_facts& facts);
  /// Who holds the keyboard has changed.
  void holder_changed(bool is_holder) noexcept { is_holder_ = is_holder; }
  /// The connection is gone: its frames are over, the place in the output stays. A snapshot that
  /// has not come leaves no place to resume from: what it would have drawn is not on the screen.
  void disconnected() noexcept;

  /// An output frame: new bytes go to `to`, split where replay ends and live output begins.
  frame_verdict output(const wire::output_frame& frame, const sink& to);
  /// A snapshot is about to be drawn; the stream continues at its offset.
  void snapshot(const wire::snapshot_frame& frame) noexcept;
  /// A snapshot has been asked for because bytes are missing: output is of no use until it comes.
  void expect_snapshot() noexcept { awaits_snapshot_ = true; }

  /// Where to resume: all that was received.
  [[nodiscard]] const std::optional<stream_position>& position() const noexcept {
    return position_;
  }
  /// Forgets the place, so that the next attach gets a snapshot.
  void forget() noexcept { position_.reset(); }
  [[nodiscard]] bool is_holder() const noexcept { return is_holder_; }

  /// The user's terminal has taken everything up to `offset`.
  void written(std::uint64_t offset) noexcept;
  /// The offset to acknowledge, if at least `least` bytes are unacknowledged; counts as sent.
  std::optional<std::uint64_t> take_ack(std::uint64_t least);
  /// What was acknowledged last, or where the stream starts.
  [[nodiscard]] std::uint64_t acked() const noexcept { return acked_; }

private:
  std::optional<stream_position> position_;
  std::uint64_t live_offset_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t acked_ = 0;
  bool is_holder_ = false;
  bool awaits_snapshot_ = false;
};

} // namespace roost::cli
