#include "actors/terminal/history.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace roost::terminal {

namespace {

// A shell at its prompt needs no more than the first block; a flood wants few, large ones. 64 KiB
// stays below malloc's mmap threshold, so that blocks are recycled without page faults.
constexpr std::size_t smallest_block = 4 * 1024;
constexpr std::size_t largest_block = 64 * 1024;

// With less room than this a read is likely to be cut short by the block, and not by the kernel.
constexpr std::size_t worth_reading(std::size_t capacity) { return capacity / 16; }

class heap_source final : public block_source {
public:
  output_block take(std::uint64_t) override {
    const auto size = next_;
    next_ = std::min(next_ * 2, largest_block);
    memory_ += size;
    return {std::make_shared_for_overwrite<char[]>(size), size, output_block::nowhere};
  }
  void count(const output_block&, std::uint64_t, std::size_t) override {}
  void release(const output_block& block) override { memory_ -= block.capacity; }
  [[nodiscard]] bool wants_checkpoints() const override { return false; }
  [[nodiscard]] bool is_fenced() const override { return false; }
  [[nodiscard]] std::size_t memory_bytes() const override { return memory_; }

private:
  std::size_t next_ = smallest_block;
  std::size_t memory_ = 0;
};

} // namespace

std::shared_ptr<block_source> make_heap_source() { return std::make_shared<heap_source>(); }

history::history(std::size_t capacity, evict_handler on_evict)
    : history(capacity, std::move(on_evict), make_heap_source()) {}

history::history(std::size_t capacity, evict_handler on_evict, std::shared_ptr<block_source> blocks,
                 std::vector<kept_block> kept, std::uint64_t offset)
    : capacity_(capacity), on_evict_(std::move(on_evict)), source_(std::move(blocks)),
      begin_(kept.empty() ? offset : kept.front().start), end_(begin_) {
  for (auto& old : kept) {
    assert(old.start == end_);
    // No room: whoever wrote it may still be about to write behind what it has counted.
    old.block.capacity = old.used;
    end_ += old.used;
    blocks_.push_back({std::move(old.block), old.used, old.start});
  }
}

std::span<char> history::prepare() {
  if (blocks_.empty() || blocks_.back().room() <= worth_reading(blocks_.back().memory.capacity))
    add_block();
  auto& tail = blocks_.back();
  return {tail.memory.data.get() + tail.used, tail.room()};
}

void history::commit(std::size_t n) {
  assert(!blocks_.empty() && n <= blocks_.back().room());
  if (n == 0)
    return;
  is_fenced_ = is_fenced();
  if (is_fenced_)
    return;
  auto& tail = blocks_.back();
  tail.used += n;
  source_->count(tail.memory, tail.start, tail.used);
  end_ += n;
  evict();
}

void history::append(std::string_view bytes) {
  while (!bytes.empty() && !is_fenced()) {
    const auto room = prepare();
    const auto n = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), n);
    commit(n);
    bytes.remove_prefix(n);
  }
}

slice history::at(std::uint64_t offset, std::size_t limit) const {
  assert(holds(offset));
  if (offset == end_ || limit == 0)
    return {};
  // The block that starts last at or before the offset. Viewers read near the end: look from there.
  const auto found = std::find_if(blocks_.rbegin(), blocks_.rend(), [offset](const block& b) {
    return b.start <= offset && b.used > 0;
  });
  assert(found != blocks_.rend());
  const auto skip = static_cast<std::size_t>(offset - found->start);
  const auto n = std::min(found->used - skip, limit);
  const auto& data = found->memory.data;
  return {std::shared_ptr<const char>(data, data.get() + skip), n};
}

std::vector<slice> history::read(std::uint64_t offset, std::uint64_t limit) const {
  std::vector<slice> result;
  const auto stop = std::min(end_, limit > end_ - offset ? end_ : offset + limit);
  while (offset < stop) {
    result.push_back(at(offset, static_cast<std::size_t>(stop - offset)));
    offset += result.back().size;
  }
  return result;
}

void history::on_checkpoint(std::uint64_t offset) {
  while (!retired_.empty() && retired_.front().start + retired_.front().used <= offset) {
    source_->release(retired_.front().memory);
    retired_.pop_front();
  }
}

void history::jump(std::uint64_t offset) {
  assert(offset >= end_);
  while (!blocks_.empty())
    evict_oldest();
  begin_ = end_ = offset;
}

void history::add_block() { blocks_.push_back({source_->take(end_), 0, end_}); }

void history::evict() {
  while (blocks_.size() > 1 && size() - blocks_.front().used >= capacity_)
    evict_oldest();
}

void history::evict_oldest() {
  auto& oldest = blocks_.front();
  const auto& data = oldest.memory.data;
  if (on_evict_ && oldest.used > 0)
    on_evict_(oldest.start, {std::shared_ptr<const char>(data, data.get()), oldest.used});
  begin_ += oldest.used;
  if (source_->wants_checkpoints() && oldest.used > 0 &&
      oldest.memory.place != output_block::nowhere)
    retired_.push_back(std::move(oldest));
  else
    source_->release(oldest.memory);
  blocks_.pop_front();
}

} // namespace roost::terminal
