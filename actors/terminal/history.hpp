#pragma once

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
/// viewer still sends them. Pure; used by one thread at a time (the terminal's actor); the slices
/// it hands out may be read on any thread, since published bytes never change.
class history {
public:
  /// Sees bytes just before they are forgotten, in order, each once.
  using evict_handler = std::function<void(std::uint64_t offset, const slice& bytes)>;

  /// @param capacity bytes to keep at least, once there were as many; memory is bounded by this
  /// plus one block and what viewers still hold.
  explicit history(std::size_t capacity, evict_handler on_evict = nullptr);

  history(const history&) = delete;
  history& operator=(const history&) = delete;

  /// Room for the next output, at least 1 byte and contiguous. Valid until the next call of
  /// `prepare` or `commit`.
  std::span<char> prepare();
  /// Publishes the first `n` bytes written into the prepared room; `n` is at most its size.
  void commit(std::size_t n);
  /// Copies bytes in: for what does not come from a descriptor.
  void append(std::string_view bytes);

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
  [[nodiscard]] std::size_t memory_bytes() const { return memory_; }

private:
  struct block {
    std::shared_ptr<char[]> data;
    std::size_t capacity = 0;
    std::size_t used = 0;
    std::uint64_t start = 0;
  };

  void add_block();
  void evict();

  std::size_t capacity_;
  evict_handler on_evict_;
  std::deque<block> blocks_;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::size_t memory_ = 0;
};

} // namespace roost::terminal
