#pragma once

#include "actors/runtime/result.hpp"
#include "actors/terminal/block_source.hpp"
#include "actors/terminal/pty/unique_fd.hpp"
#include "protocols/wire/session_memory.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::terminal {

/// A text of a session's memory, and the offset that it belongs to.
struct stored_text {
  std::uint64_t offset = 0;
  std::string text;
};

/// What a session's memory still holds of the output.
struct recovery {
  struct segment {
    std::uint32_t index = 0;
    std::uint64_t start = 0;
    std::uint32_t used = 0;
  };

  std::uint64_t begin = 0; ///< the newest run of bytes without a gap …
  std::uint64_t end = 0;
  std::vector<segment> segments; ///< … and where it is, oldest first

  /// Whether `end` is where the output ended. If not, bytes behind it may be lost: their number is
  /// not known, so offsets mean nothing to viewers any more. Begin a new epoch, at `next_offset`
  /// (history::jump).
  bool is_end_trustworthy = true;
  /// At least everything that is claimed anywhere; `end` if that is trustworthy.
  std::uint64_t next_offset = 0;
  std::size_t damaged_segments = 0;     ///< records that contradict themselves or each other
  std::size_t unreachable_segments = 0; ///< whole ones, from before a gap: not part of the above
};

/// A session's memory (protocols/wire/session_memory.hpp), mapped: where the history's blocks, the
/// session's note and the screen's checkpoints are, so that they outlive this process. What an
/// earlier process left is not trusted: whatever it contains, nothing outside of the mapping is
/// read, and only what carries a true check is believed.
///
/// Used by one thread, the terminal's actor; blocks may be dropped on any thread and keep the
/// mapping alive. Every writing call does nothing once `is_owner` is false. The call and the write
/// are two steps, so an owner that is stopped just between them may still change one record or one
/// spare text: checks show it, and a new owner writes output into other segments.
class session_memory final : public block_source,
                             public std::enable_shared_from_this<session_memory> {
public:
  /// Maps a memory that the keeper gave out to the owner `generation`, and repairs its header if
  /// need be. Refuses what could end this process (a file that can shrink), what is no session's
  /// memory, and what belongs to another owner. Call `adopt` before anything is written.
  static result<std::shared_ptr<session_memory>> open(unique_fd memory, std::uint64_t generation);

  ~session_memory() override;

  /// Whether this process may write. A load from memory: cheap enough for each piece of output.
  [[nodiscard]] bool is_owner() const;
  /// The header was damaged and has been made anew from the file's size.
  [[nodiscard]] bool was_header_damaged() const { return was_header_damaged_; }
  [[nodiscard]] std::size_t segments() const { return map_.segments; }

  /// What is there. Reads only.
  [[nodiscard]] recovery recover() const;
  /// Takes over: `what`'s segments become blocks of a history, all others are free. Once, and
  /// first.
  std::vector<kept_block> adopt(const recovery& what);

  /// Stores what a later server must know of the session. @param offset the end of the output now:
  /// a witness for `recover`. @returns false if it is longer than keeper::note_bytes, or not the
  /// owner.
  bool write_note(std::string_view text, std::uint64_t offset);
  /// The note written last; nothing if there is none or both are damaged.
  [[nodiscard]] std::optional<stored_text> read_note() const;

  /// Stores the screen as it is at `offset` (screen_follower::take_checkpoint). @returns false if
  /// it is longer than keeper::checkpoint_bytes, or not the owner.
  bool write_checkpoint(std::uint64_t offset, std::string_view text);
  [[nodiscard]] std::optional<stored_text> read_checkpoint() const;

  // block_source
  output_block take(std::uint64_t start) override;
  void count(const output_block& block, std::uint64_t start, std::size_t used) override;
  void release(const output_block& block) override;
  void let_go() override;
  [[nodiscard]] bool wants_checkpoints() const override { return true; }
  [[nodiscard]] bool is_fenced() const override { return !is_owner(); }
  /// Pages that were touched, and blocks on the heap while all segments are in use.
  [[nodiscard]] std::size_t memory_bytes() const override;

  /// Blocks that had to be taken from the heap so far, which a crash would lose: slow viewers held
  /// all segments.
  [[nodiscard]] std::uint64_t heap_blocks() const { return heap_blocks_; }
  [[nodiscard]] std::size_t free_segments() const;

private:
  /// What this process knows of a segment.
  struct segment_state {
    std::atomic<bool> is_released{false};
    std::uint32_t touched = 0; ///< bytes that may have pages
  };
  /// Two slots and the room for their texts.
  struct text_place {
    std::array<keeper::text_slot, 2>* slots = nullptr;
    std::array<char*, 2> texts{};
    std::size_t capacity = 0;
  };
  struct found_text {
    std::size_t slot = 0;
    std::uint64_t sequence = 0;
    stored_text what;
  };
  /// Which slot is the current one, once that was looked up.
  struct current_text {
    bool is_known = false;
    std::size_t slot = 1;
    std::uint64_t sequence = 0;
  };

  session_memory(unique_fd memory, void* base, keeper::memory_map map, std::uint64_t generation);

  [[nodiscard]] keeper::memory_header& header() const;
  [[nodiscard]] keeper::segment_record& record(std::size_t index) const;
  [[nodiscard]] char* segment(std::size_t index) const;
  [[nodiscard]] text_place notes() const;
  [[nodiscard]] text_place checkpoints() const;
  static std::optional<found_text> newest(const text_place& place);
  bool write(const text_place& place, current_text& current, std::uint64_t offset,
             std::string_view text);
  void claim(std::uint64_t offset);
  /// Adds to the newest segment what its writer had read and not counted when it was killed.
  void count_unfinished(std::vector<recovery::segment>& whole) const;

  std::shared_ptr<char[]> share(std::uint32_t index);
  void give_back(std::uint32_t index);
  void give_up_pages(std::uint32_t index);
  void touch(std::uint32_t index, std::size_t bytes);
  [[nodiscard]] std::vector<bool> segments_with_pages() const;
  [[nodiscard]] bool has_bytes(std::size_t index) const;

  unique_fd memory_;
  char* base_;
  keeper::memory_map map_;
  std::uint64_t generation_;
  bool was_header_damaged_ = false;
  std::unique_ptr<segment_state[]> states_;
  std::atomic<std::size_t> touched_{0};
  std::shared_ptr<std::atomic<std::size_t>> heap_bytes_;
  std::uint64_t heap_blocks_ = 0;
  current_text note_;
  current_text checkpoint_;
  bool may_claim_ = false; ///< the last segment is ours
  bool has_claim_ = false;
  std::atomic<bool> has_let_go_{false};

  mutable std::mutex mutex_;       ///< guards what follows: slices are dropped on any thread
  std::deque<std::uint32_t> free_; ///< cold ones in front, those with pages at the back
  std::size_t free_with_pages_ = 0;
};

} // namespace roost::terminal
