#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace roost::terminal {

/// A piece of memory for output.
struct output_block {
  static constexpr std::uint32_t nowhere = 0xffff'ffff;

  std::shared_ptr<char[]> data;
  std::size_t capacity = 0;
  std::uint32_t place = nowhere; ///< the source's own name for it
};

/// A block that was there before the history: what an earlier server had read.
struct kept_block {
  output_block block;
  std::uint64_t start = 0; ///< offset of its first byte
  std::size_t used = 0;
};

/// Where a history gets its blocks from, and who is told what is in them. Called by one thread at a
/// time, the history's; the blocks' data may be dropped on any thread.
class block_source {
public:
  block_source() = default;
  block_source(const block_source&) = delete;
  block_source& operator=(const block_source&) = delete;
  virtual ~block_source() = default;

  /// A block for output from offset `start` on. Never fails: a source that has none left gives
  /// memory of another kind.
  virtual output_block take(std::uint64_t start) = 0;
  /// The first `used` bytes of the block are output now. Called for each piece that is read.
  virtual void count(const output_block& block, std::uint64_t start, std::size_t used) = 0;
  /// The history needs the block no longer: it may be used again once nobody shares its data.
  virtual void release(const output_block& block) = 0;
  /// The history has ended: nothing of this source is written any more. Blocks that were not
  /// released stay as they are.
  virtual void let_go() {}

  /// Whether what was evicted has to stay until a checkpoint makes up for it.
  [[nodiscard]] virtual bool wants_checkpoints() const = 0;
  /// Somebody else writes this session's memory now: nothing may be written any more, for good.
  [[nodiscard]] virtual bool is_fenced() const = 0;
  /// Bytes of memory that the source's blocks take now.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

/// Blocks that die with the process: 4 KiB at first, doubled up to 64 KiB.
std::shared_ptr<block_source> make_heap_source();

} // namespace roost::terminal
