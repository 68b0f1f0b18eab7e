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

} // namespace

history::history(std::size_t capacity, evict_handler on_evict)
    : capacity_(capacity), on_evict_(std::move(on_evict)) {}

std::span<char> history::prepare() {
  if (blocks_.empty() ||
      blocks_.back().capacity - blocks_.back().used <= worth_reading(blocks_.back().capacity))
    add_block();
  auto& tail = blocks_.back();
  return {tail.data.get() + tail.used, tail.capacity - tail.used};
}

void history::commit(std::size_t n) {
  assert(!blocks_.empty() && n <= blocks_.back().capacity - blocks_.back().used);
  blocks_.back().used += n;
  end_ += n;
  evict();
}

void history::append(std::string_view bytes) {
  while (!bytes.empty()) {
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
  return {std::shared_ptr<const char>(found->data, found->data.get() + skip), n};
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

void history::add_block() {
  const auto capacity =
      blocks_.empty() ? smallest_block : std::min(blocks_.back().capacity * 2, largest_block);
  if (!blocks_.empty() && blocks_.back().used == 0) {
    memory_ -= blocks_.back().capacity;
    blocks_.pop_back();
  }
  blocks_.push_back({std::make_shared_for_overwrite<char[]>(capacity), capacity, 0, end_});
  memory_ += capacity;
}

void history::evict() {
  while (blocks_.size() > 1 && size() - blocks_.front().used >= capacity_) {
    const auto& oldest = blocks_.front();
    if (on_evict_ && oldest.used > 0)
      on_evict_(oldest.start,
                {std::shared_ptr<const char>(oldest.data, oldest.data.get()), oldest.used});
    begin_ += oldest.used;
    memory_ -= oldest.capacity;
    blocks_.pop_front();
  }
}

} // namespace roost::terminal
