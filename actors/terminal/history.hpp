#pragma once

#include "actors/terminal/block_source.hpp"
#include "protocols/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace roost::terminal {

/// The last bytes of a terminal's output, under absolute offsets that never start again. Output is
/// read straight into its memory and shared with viewers from there: nothing is copied, however
/// many watch. Memory grows with use, in blocks of 4 to 64 KiB; evicted blocks live on only while a
/// viewer still sends them, or while a crash would need them (`wants_checkpoint`). Pure; used by
/// one thread at a time (the terminal's actor); the slices it hands out may be read on any thread,
/// since published bytes never change.
class history {
public:
  /// Sees bytes just before they are forgotten, in order, each once.
  using evict_handler = std::function<void(std::uint64_t offset, const slice& bytes)>;

  /// Evicted blocks that wait for a checkpoint before one is wanted: 1 MiB of segments.
  static constexpr std::size_t most_retired = 16;

  /// A history on the heap. @param capacity bytes to keep at least, once there were as many; memory
  /// is bounded by this plus one block and what viewers still hold.
  explicit history(std::size_t capacity, evict_handler on_evict = nullptr);
  /// A history on another source's blocks. @param kept what was there before, contiguous and
  /// oldest first: it begins with them and goes on behind, in new blocks (session_memory::adopt).
  /// @param offset where it begins if there are none. `on_evict` is not called by this. What is
  /// held at its end stays in the source, which takes no more writes then.
  history(std::size_t capacity, evict_handler on_evict, std::shared_ptr<block_source> blocks,
          std::vector<kept_block> kept = {}, std::uint64_t offset = 0);

  history(const history&) = delete;
  history& operator=(const history&) = delete;
  ~history() { source_->let_go(); }

  /// Room for the next output, at least 1 byte and contiguous. Valid until the next call of
  /// `prepare` or `commit`. Once fenced off: room that nobody looks at.
  std::span<char> prepare();
  /// Publishes the first `n` bytes written into the prepared room; `n` is at most its size. Once
  /// fenced off, it does nothing: ask `is_fenced` before reading, and after.
  void commit(std::size_t n);
  /// Copies bytes in: for what does not come from a descriptor.
  void append(std::string_view bytes);

  /// Somebody else writes this history's memory now; it never changes again.
  [[nodiscard]] bool is_fenced() const { return is_fenced_ || source_->is_fenced(); }

  /// Evicted bytes wait for a checkpoint: take one of the screen at an offset that is at least
  /// `begin`, write it, and say so with `on_checkpoint`. Never true on the heap.
  [[nodiscard]] bool wants_checkpoint() const { return retired_.size() >= most_retired; }
  /// The screen at `offset` is known without the bytes before it: evicted blocks up to there may be
  /// used again.
  void on_checkpoint(std::uint64_t offset);

  /// Forgets all bytes and goes on at `offset`, which is at least `end`: what came between is not
  /// known. Evicts what was held. What it forgot waits for a checkpoint, too.
  void jump(std::uint64_t offset);

  /// Offset of the oldest byte that is held.
  [[nodiscard]] std::uint64_t begin() const { return begin_; }
  /// Offset after the newest byte: the number of bytes so far.
  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] std::uint64_t size() const { return end_ - begin_; }
  /// Whether a viewer that has everything before `offset` can go on from here.
  [[nodiscard]] bool holds(std::uint64_t offset) const {
    return offset >= begin_ && offset <= end_;
  }

  /// The contiguous bytes at `offset`, at most `limit`; empty at the end. `offset` must be held.
  [[nodiscard]] slice at(std::uint64_t offset, std::size_t limit) const;
  /// All bytes from `offset`, at most `limit`, in pieces.
  [[nodiscard]] std::vector<slice> read(std::uint64_t offset, std::uint64_t limit) const;

  /// Bytes of memory that the blocks take.
  [[nodiscard]] std::size_t memory_bytes() const { return source_->memory_bytes(); }

private:
  struct block {
    output_block memory;
    std::size_t used = 0;
    std::uint64_t start = 0;
    [[nodiscard]] std::size_t room() const { return memory.capacity - used; }
  };

  void add_block();
  void evict();
  void evict_oldest();

  std::size_t capacity_;
  evict_handler on_evict_;
  std::shared_ptr<block_source> source_;
  std::deque<block> blocks_;
  std::deque<block> retired_; ///< evicted, needed until there is a checkpoint
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  bool is_fenced_ = false;
};

} // namespace roost::terminal
