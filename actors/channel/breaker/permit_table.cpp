#include "actors/channel/breaker/permit_table.hpp"

#include <tuple>

namespace roost::channel {

permit_note& permit_table::add(steady_time deadline) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(places_.size()));
    places_.emplace_back();
  }
  const auto at = free_.back();
  free_.pop_back();
  auto& note = places_[at].note;
  // The running number makes it unique, the place makes it quick to find.
  note.id = ++granted_ * max_size + at;
  note.deadline = deadline;
  heap_.push_back(at);
  sift_up(heap_.size() - 1);
  return note;
}

std::optional<permit_note> permit_table::take(std::uint64_t id) {
  const auto at = static_cast<std::uint32_t>(id % max_size);
  if (id == 0 || at >= places_.size() || places_[at].note.id != id)
    return std::nullopt;
  const auto note = places_[at].note;
  const auto hole = places_[at].heap_index;
  const auto last = heap_.back();
  heap_.pop_back();
  if (last != at) {
    put(hole, last);
    sift_up(hole);
    sift_down(places_[last].heap_index);
  }
  places_[at].note.id = 0;
  free_.push_back(at);
  return note;
}

const permit_note* permit_table::earliest() const {
  return heap_.empty() ? nullptr : &places_[heap_.front()].note;
}

bool permit_table::is_before(std::uint32_t left, std::uint32_t right) const {
  const auto& a = places_[left].note;
  const auto& b = places_[right].note;
  return std::tie(a.deadline, a.id) < std::tie(b.deadline, b.id);
}

void permit_table::put(std::size_t heap_index, std::uint32_t at) {
  heap_[heap_index] = at;
  places_[at].heap_index = static_cast<std::uint32_t>(heap_index);
}

void permit_table::sift_up(std::size_t heap_index) {
  const auto moved = heap_[heap_index];
  while (heap_index > 0) {
    const auto parent = (heap_index - 1) / 2;
    if (!is_before(moved, heap_[parent]))
      break;
    put(heap_index, heap_[parent]);
    heap_index = parent;
  }
  put(heap_index, moved);
}

void permit_table::sift_down(std::size_t heap_index) {
  const auto moved = heap_[heap_index];
  for (;;) {
    auto child = 2 * heap_index + 1;
    if (child >= heap_.size())
      break;
    if (child + 1 < heap_.size() && is_before(heap_[child + 1], heap_[child]))
      ++child;
    if (!is_before(heap_[child], moved))
      break;
    put(heap_index, heap_[child]);
    heap_index = child;
  }
  put(heap_index, moved);
}

} // namespace roost::channel
