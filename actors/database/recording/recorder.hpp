#pragma once

#include "actors/database/recording/chunk.hpp"
#include "actors/database/recording/redactor.hpp"
#include "actors/runtime/token_bucket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace roost::recording {

/// What a recording may take.
struct recorder_limits {
  std::uint64_t bytes_per_second = std::uint64_t{1} << 20; ///< of output; 0: no limit
  std::uint64_t burst = std::uint64_t{8} << 20;            ///< bytes of output; at least 1
  /// Bytes of all blobs together, never exceeded. Below `recorder::least_total` nothing is kept.
  std::uint64_t max_total = std::uint64_t{64} << 20;
};

/// Where a recording stands: what its chunks add up to.
struct recorder_position {
  std::uint64_t seq = 0;        ///< of the next chunk
  std::uint64_t end_offset = 0; ///< output up to here is in chunks, or a gap in one
  std::uint64_t total = 0;      ///< bytes of all blobs
};

/// Turns what happens to a session into chunks. What is given to it has the offsets of the
/// session's output, so it notices by itself what is missing and what comes twice. Pure: times come
/// in, chunks come out; not thread-safe; owned by one actor.
///
/// Bounded: at most one chunk that is being filled (256 KiB) and what the redactor holds back.
/// Sealed chunks wait until they are taken: take them after each call.
class recorder {
public:
  /// A chunk is sealed when its first event is this old.
  static constexpr std::chrono::seconds max_age{5};
  /// Output that was lost to the rate is one gap until none was lost for so long.
  static constexpr std::chrono::seconds gap_quiet{1};
  /// Below this much room the recording is full; of it, this is kept for the last gap and the exit.
  static constexpr std::uint64_t least_total = 4096;
  static constexpr std::uint64_t reserve = 1024;

  /// @param patterns may be empty, not null.
  /// @param from where an earlier recorder of this session stopped, or for a new recording
  ///             {0, the offset at which it begins, 0}. Output in between is recorded as a gap.
  recorder(const recorder_limits& limits, std::shared_ptr<const redaction> patterns,
           const recorder_position& from, terminal::terminal_size size);

  /// Output that begins at `offset`. Bytes that came before are skipped.
  void on_output(moment now, std::uint64_t offset, std::string_view bytes);
  /// The size from here on. The same size as before is no event.
  void on_resize(moment now, terminal::terminal_size size);
  /// A label of at most chunk_writer::max_label bytes; a longer one is cut. Is redacted, too.
  void on_marker(moment now, std::string_view label);
  /// Output from `from` to before `to` will not come.
  void on_gap(moment now, std::uint64_t from, std::uint64_t to, gap_reason reason);
  /// The program has ended. Is recorded even if the recording is full.
  void on_exit(moment now, program_end how);
  /// Does what is due: see next_tick.
  void tick(moment now);
  /// When to call `tick`; nothing when nothing waits.
  [[nodiscard]] std::optional<steady_time> next_tick() const;
  /// Puts everything into chunks. The recorder may go on.
  void finish();

  /// The chunks that were sealed since the last call, oldest first.
  std::vector<chunk> take();
  /// What the chunks add up to that were sealed so far, taken or not.
  [[nodiscard]] recorder_position position() const;
  /// Bytes of output so far that this recorder has not recorded, whatever the reason.
  [[nodiscard]] std::uint64_t lost() const { return all_lost_; }
  /// Whether nothing is recorded any more but the last gap and the exit.
  [[nodiscard]] bool is_full() const { return is_full_; }

private:
  struct lost_output {
    moment first;
    steady_time last;
    gap what;
  };

  [[nodiscard]] std::uint64_t room() const;
  [[nodiscard]] bool may_take(moment now, std::size_t size);
  void add(moment at, const event_data& what);
  void write(moment at, std::string_view bytes);
  void lose(moment now, std::uint64_t bytes, gap_reason reason);
  void count_lost(moment now, std::uint64_t bytes, gap_reason reason);
  void release_held();
  void write_gap();
  void seal();
  void set_room();

  recorder_limits limits_;
  std::shared_ptr<const redaction> patterns_;
  redactor redactor_;
  chunk_writer writer_;
  token_bucket pace_;
  std::optional<steady_time> dropping_until_;
  std::optional<lost_output> lost_;
  std::uint64_t next_;         ///< the offset that comes next
  std::uint64_t total_;        ///< bytes of sealed blobs
  std::uint64_t all_lost_ = 0; ///< bytes of output
  bool is_full_ = false;
  std::vector<chunk> sealed_;
};

} // namespace roost::recording
