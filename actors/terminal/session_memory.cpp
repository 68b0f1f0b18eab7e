#include "actors/terminal/session_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace roost::terminal {

namespace {

using keeper::checkpoint_bytes;
using keeper::memory_header;
using keeper::memory_map;
using keeper::note_bytes;
using keeper::page_bytes;
using keeper::segment_bytes;
using keeper::segment_record;

// A flood uses the same few segments again and again, without page faults. What is free beyond
// these gives its pages back.
constexpr std::size_t most_free_with_pages = 16;

// What `start` says of a segment that was used and is free: it tells a freed segment from a record
// that was wiped out.
constexpr std::uint64_t freed = ~std::uint64_t{0};

// Offsets beyond this are damage: 4 EiB of output.
constexpr std::uint64_t most_offset = std::uint64_t{1} << 62;

// No output of ours goes into the last segment. Its record, of no bytes, claims that there was
// output up to its start, while some of that is in no segment. (The keeper may have put output
// there: then it cannot claim anything until that is gone.)
constexpr std::size_t claim_of(const memory_map& map) { return map.segments - 1; }

failure unusable(const char* why) {
  return {request_error::internal, std::string("the session's memory ") + why};
}

/// The number of segments that makes a file of this size; 0: none does.
std::size_t segments_of(std::uint64_t file_size) {
  const auto most = std::min<std::uint64_t>(file_size / segment_bytes, keeper::most_segments);
  // The other parts take less than 64 segments' room up to the largest memory.
  for (auto n = static_cast<std::size_t>(most); n > 0 && n + 64 > most; --n)
    if (memory_map{n}.size() == file_size)
      return n > 1 ? n : 0;
  return 0;
}

} // namespace

result<std::shared_ptr<session_memory>> session_memory::open(unique_fd memory,
                                                             std::uint64_t generation) {
  struct stat what {};
  if (::fstat(memory.get(), &what) != 0 || !S_ISREG(what.st_mode))
    return unusable("is no file");
  const int seals = ::fcntl(memory.get(), F_GET_SEALS);
  constexpr int wanted = F_SEAL_SHRINK | F_SEAL_GROW;
  if (seals < 0 || (seals & wanted) != wanted)
    return unusable("is not sealed");
  const auto size = static_cast<std::uint64_t>(what.st_size);
  const memory_map map{segments_of(size)};
  if (map.segments == 0)
    return unusable("has a size that no session's memory has");
  void* const base =
      ::mmap(nullptr, map.size(), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (base == MAP_FAILED)
    return unusable("cannot be mapped");
  // Not make_shared: the constructor is private.
  const std::shared_ptr<session_memory> opened(
      new session_memory(std::move(memory), base, map, generation));
  if (!opened->is_owner())
    return unusable("belongs to another server");
  auto& header = opened->header();
  const bool is_whole =
      header.magic == keeper::memory_magic &&
      header.check == keeper::header_check(header.magic, header.version, header.segments);
  if (is_whole && header.version != keeper::layout_version)
    return unusable("has a layout that this server does not know");
  if (!is_whole || header.segments != map.segments) {
    header.magic = keeper::memory_magic;
    header.version = keeper::layout_version;
    header.segments = static_cast<std::uint32_t>(map.segments);
    header.check = keeper::header_check(header.magic, header.version, header.segments);
    opened->was_header_damaged_ = true;
  }
  return opened;
}

session_memory::session_memory(unique_fd memory, void* base, memory_map map,
                               std::uint64_t generation)
    : memory_(std::move(memory)), base_(static_cast<char*>(base)), map_(map),
      generation_(generation), states_(std::make_unique<segment_state[]>(map.segments)),
      heap_bytes_(std::make_shared<std::atomic<std::size_t>>(0)) {}

session_memory::~session_memory() { ::munmap(base_, map_.size()); }

bool session_memory::is_owner() const {
  return header().owner.load(std::memory_order_acquire) == generation_ &&
         !has_let_go_.load(std::memory_order_relaxed);
}

// ---- what was there ----

recovery session_memory::recover() const {
  std::vector<recovery::segment> whole;
  recovery found;
  std::uint64_t claimed = 0;
  const auto has_pages = segments_with_pages();
  for (std::uint32_t i = 0; i < map_.segments; ++i) {
    const auto start = record(i).start.load(std::memory_order_relaxed);
    const auto fill = record(i).fill.load(std::memory_order_acquire);
    if (fill == 0) {
      // Nothing was ever recorded there, but something was written: a record was wiped out.
      if (start == 0 && has_pages[i] && has_bytes(i))
        found.is_end_trustworthy = false;
      continue;
    }
    const auto used = keeper::used_of(start, fill);
    if (used < 0 || start > most_offset) {
      ++found.damaged_segments;
      continue;
    }
    claimed = std::max(claimed, start + static_cast<std::uint64_t>(used));
    whole.push_back({i, start, static_cast<std::uint32_t>(used)});
  }

  count_unfinished(whole);
  std::erase_if(whole, [](const auto& s) { return s.used == 0; });

  // The newest run: backwards from the segment that ends last, as long as each begins where the one
  // before ends.
  std::sort(whole.begin(), whole.end(), [](const auto& a, const auto& b) {
    return a.start != b.start ? a.start < b.start : a.used < b.used;
  });
  const auto end_of = [](const recovery::segment& s) { return s.start + s.used; };
  auto first = whole.size();
  for (auto i = whole.size(); i-- > 0;) {
    if (i + 1 < whole.size() && end_of(whole[i]) > whole[i + 1].start)
      ++found.damaged_segments; // no two segments hold the same byte
    if (first == i + 1 && (first == whole.size() || end_of(whole[i]) == whole[first].start))
      first = i;
  }
  found.unreachable_segments = first;
  found.segments.assign(whole.begin() + static_cast<std::ptrdiff_t>(first), whole.end());
  if (!found.segments.empty()) {
    found.begin = found.segments.front().start;
    found.end = end_of(found.segments.back());
  }

  // Other witnesses.
  for (const auto& place : {notes(), checkpoints()})
    if (const auto text = newest(place))
      claimed = std::max(claimed, text->what.offset);
  found.is_end_trustworthy &= found.damaged_segments == 0 && found.end >= claimed;
  found.next_offset =
      found.is_end_trustworthy ? found.end : claimed + (found.damaged_segments + 1) * segment_bytes;
  return found;
}

void session_memory::count_unfinished(std::vector<recovery::segment>& whole) const {
  const auto blank = header().blank.load(std::memory_order_acquire);
  const auto newest = std::find_if(whole.begin(), whole.end(), [blank](const auto& s) {
    return blank == keeper::blank_of(s.index, s.start);
  });
  if (newest == whole.end() ||
      std::any_of(whole.begin(), whole.end(), [end = newest->start + newest->used](const auto& s) {
        return s.start + s.used > end;
      }))
    return;
  // Not by the mapping, which would get pages for what is empty.
  std::vector<char> rest(segment_bytes - newest->used);
  const auto got = ::pread(memory_.get(), rest.data(), rest.size(),
                           static_cast<off_t>(map_.segment(newest->index) + newest->used));
  if (got > 0)
    newest->used +=
        static_cast<std::uint32_t>(keeper::written(rest.data(), static_cast<std::size_t>(got)));
}

std::vector<bool> session_memory::segments_with_pages() const {
  std::vector<bool> has(map_.segments);
  const auto first = static_cast<off_t>(map_.segment(0));
  const auto last = static_cast<off_t>(map_.segment(map_.segments));
  for (auto at = first; at < last;) {
    const auto from = ::lseek(memory_.get(), at, SEEK_DATA);
    if (from < 0 || from >= last)
      break;
    at = ::lseek(memory_.get(), from, SEEK_HOLE);
    if (at < 0)
      break;
    for (auto i = static_cast<std::size_t>(from - first) / segment_bytes;
         i < map_.segments && static_cast<off_t>(map_.segment(i)) < at; ++i)
      has[i] = true;
  }
  return has;
}

bool session_memory::has_bytes(std::size_t index) const {
  const auto* const bytes = segment(index);
  return std::any_of(bytes, bytes + segment_bytes, [](char c) { return c != 0; });
}

std::vector<kept_block> session_memory::adopt(const recovery& what) {
  std::vector<kept_block> kept;
  if (!is_owner())
    return kept;
  std::vector<bool> is_kept(map_.segments);
  for (const auto& s : what.segments) {
    is_kept[s.index] = true;
    record(s.index).fill.store(keeper::fill_of(s.start, s.used), std::memory_order_release);
    states_[s.index].touched = static_cast<std::uint32_t>(keeper::whole_pages(s.used));
    touched_.fetch_add(states_[s.index].touched, std::memory_order_relaxed);
    kept.push_back({{share(s.index), segment_bytes, s.index}, s.start, s.used});
  }
  // Whoever wrote before may not know yet that it was fenced off, and read once more.
  header().blank.store(0, std::memory_order_release);
  const auto has_pages = segments_with_pages();
  const auto last = claim_of(map_);
  may_claim_ = !is_kept[last];
  if (!what.is_end_trustworthy)
    claim(what.next_offset);
  else if (may_claim_)
    record(last).fill.store(0, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  // Taken from the back: low numbers first.
  for (auto i = static_cast<std::uint32_t>(last); i-- > 0;) {
    if (is_kept[i])
      continue;
    if (record(i).fill.load(std::memory_order_relaxed) != 0)
      record(i).fill.store(0, std::memory_order_release);
    if (has_pages[i]) {
      give_up_pages(i);
      record(i).start.store(freed, std::memory_order_release);
    }
    free_.push_back(i);
  }
  return kept;
}

void session_memory::claim(std::uint64_t offset) {
  if (!may_claim_)
    return;
  // Between the two stores the record is a damaged one, which says as much.
  auto& claims = record(claim_of(map_));
  claims.start.store(offset, std::memory_order_release);
  claims.fill.store(keeper::fill_of(offset, 0), std::memory_order_release);
  has_claim_ = true;
}

// ---- blocks ----

output_block session_memory::take(std::uint64_t start) {
  std::optional<std::uint32_t> index;
  bool has_pages = false;
  if (is_owner()) {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
      has_pages = free_with_pages_ > 0;
      if (has_pages)
        --free_with_pages_;
    }
  }
  if (!index) {
    ++heap_blocks_;
    if (is_owner())
      claim(start + segment_bytes);
    heap_bytes_->fetch_add(segment_bytes, std::memory_order_relaxed);
    auto* const bytes = new char[segment_bytes];
    return {std::shared_ptr<char[]>(bytes,
                                    [counter = heap_bytes_](char* p) {
                                      delete[] p;
                                      counter->fetch_sub(segment_bytes, std::memory_order_relaxed);
                                    }),
            segment_bytes, output_block::nowhere};
  }
  states_[*index].is_released.store(false, std::memory_order_relaxed);
  if (has_pages) {
    std::memset(segment(*index), 0, segment_bytes);
    touch(*index, segment_bytes);
  }
  record(*index).start.store(start, std::memory_order_relaxed);
  record(*index).fill.store(keeper::fill_of(start, 0), std::memory_order_release);
  header().blank.store(keeper::blank_of(*index, start), std::memory_order_release);
  return {share(*index), segment_bytes, *index};
}

void session_memory::count(const output_block& block, std::uint64_t start, std::size_t used) {
  if (block.place == output_block::nowhere)
    return;
  record(block.place)
      .fill.store(keeper::fill_of(start, static_cast<std::uint32_t>(used)),
                  std::memory_order_release);
  if (has_claim_) {
    has_claim_ = false;
    record(claim_of(map_)).fill.store(0, std::memory_order_release);
  }
  touch(block.place, used);
}

void session_memory::touch(std::uint32_t index, std::size_t bytes) {
  auto& touched = states_[index].touched;
  if (bytes <= touched)
    return;
  const auto now = keeper::whole_pages(bytes);
  touched_.fetch_add(now - touched, std::memory_order_relaxed);
  touched = static_cast<std::uint32_t>(now);
}

void session_memory::release(const output_block& block) {
  if (block.place != output_block::nowhere)
    states_[block.place].is_released.store(true, std::memory_order_release);
}

std::shared_ptr<char[]> session_memory::share(std::uint32_t index) {
  return {segment(index), [self = shared_from_this(), index](char*) { self->give_back(index); }};
}

void session_memory::let_go() {
  const std::lock_guard lock(mutex_);
  has_let_go_.store(true, std::memory_order_relaxed);
}

void session_memory::give_back(std::uint32_t index) {
  // A history that ends without having evicted this leaves it to the next server.
  if (!states_[index].is_released.load(std::memory_order_acquire))
    return;
  const std::lock_guard lock(mutex_);
  if (!is_owner())
    return;
  record(index).fill.store(0, std::memory_order_release);
  record(index).start.store(freed, std::memory_order_release);
  if (index == claim_of(map_)) {
    give_up_pages(index);
  } else if (free_with_pages_ < most_free_with_pages) {
    free_.push_back(index);
    ++free_with_pages_;
  } else {
    give_up_pages(index);
    free_.push_front(index);
  }
}

void session_memory::give_up_pages(std::uint32_t index) {
  // Zero either way: `take` promises that.
  if (::madvise(segment(index), segment_bytes, MADV_REMOVE) != 0) {
    std::memset(segment(index), 0, segment_bytes);
    return;
  }
  touched_.fetch_sub(std::exchange(states_[index].touched, 0), std::memory_order_relaxed);
}

std::size_t session_memory::memory_bytes() const {
  return touched_.load(std::memory_order_relaxed) + heap_bytes_->load(std::memory_order_relaxed);
}

std::size_t session_memory::free_segments() const {
  const std::lock_guard lock(mutex_);
  return free_.size();
}

// ---- texts ----

/// The newest text whose check holds. Works on a copy: what is mapped may change under us.
std::optional<session_memory::found_text> session_memory::newest(const text_place& place) {
  std::optional<found_text> best;
  for (std::size_t i = 0; i < place.slots->size(); ++i) {
    const auto& slot = (*place.slots)[i];
    const auto check = slot.check.load(std::memory_order_acquire);
    const auto sequence = slot.sequence.load(std::memory_order_relaxed);
    const auto offset = slot.offset.load(std::memory_order_relaxed);
    const auto size = slot.size.load(std::memory_order_relaxed);
    if (sequence == 0 || size > place.capacity || offset > most_offset ||
        (best && best->sequence >= sequence))
      continue;
    std::string text(place.texts[i], size);
    if (keeper::check_of(sequence, offset, text.data(), size) == check)
      best = found_text{i, sequence, {offset, std::move(text)}};
  }
  return best;
}

bool session_memory::write(const text_place& place, current_text& current, std::uint64_t offset,
                           std::string_view text) {
  if (text.size() > place.capacity || !is_owner())
    return false;
  if (!current.is_known) {
    if (const auto found = newest(place))
      current = {true, found->slot, found->sequence};
    current.is_known = true;
  }
  current.slot = 1 - current.slot;
  ++current.sequence;
  auto& slot = (*place.slots)[current.slot];
  std::memcpy(place.texts[current.slot], text.data(), text.size());
  slot.sequence.store(current.sequence, std::memory_order_relaxed);
  slot.offset.store(offset, std::memory_order_relaxed);
  slot.size.store(text.size(), std::memory_order_relaxed);
  slot.check.store(keeper::check_of(current.sequence, offset, text.data(), text.size()),
                   std::memory_order_release);
  return true;
}

bool session_memory::write_note(std::string_view text, std::uint64_t offset) {
  return write(notes(), note_, offset, text);
}

std::optional<stored_text> session_memory::read_note() const {
  auto found = newest(notes());
  return found ? std::optional(std::move(found->what)) : std::nullopt;
}

bool session_memory::write_checkpoint(std::uint64_t offset, std::string_view text) {
  return write(checkpoints(), checkpoint_, offset, text);
}

std::optional<stored_text> session_memory::read_checkpoint() const {
  auto found = newest(checkpoints());
  return found ? std::optional(std::move(found->what)) : std::nullopt;
}

// ---- places ----

memory_header& session_memory::header() const { return *reinterpret_cast<memory_header*>(base_); }

segment_record& session_memory::record(std::size_t index) const {
  return reinterpret_cast<segment_record*>(base_ + map_.records())[index];
}

char* session_memory::segment(std::size_t index) const { return base_ + map_.segment(index); }

session_memory::text_place session_memory::notes() const {
  return {&header().notes, {base_ + map_.note(0), base_ + map_.note(1)}, note_bytes};
}

session_memory::text_place session_memory::checkpoints() const {
  return {&header().checkpoints,
          {base_ + map_.checkpoint(0), base_ + map_.checkpoint(1)},
          checkpoint_bytes};
}

} // namespace roost::terminal
