#include "apps/keeper/drain.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "apps/keeper/log.hpp"

namespace roost::keeper {
namespace {

/// Reads in one go: a terminal gives at most 4 KiB each.
constexpr int most_reads = 16;
/// Beyond this an offset is not a stream's but damage.
constexpr std::uint64_t largest_offset = std::uint64_t{1} << 62;

/// The offset of a text that is whole; 0 otherwise.
std::uint64_t offset_of(const session_memory& memory, const text_slot& slot, std::size_t at,
                        std::size_t most) {
  const auto sequence = slot.sequence.load(std::memory_order_acquire);
  const auto offset = slot.offset.load(std::memory_order_relaxed);
  const auto size = slot.size.load(std::memory_order_relaxed);
  if (sequence == 0 || size > most || offset > largest_offset)
    return 0;
  std::string text(size, '\0');
  if (::pread(memory.file()->get(), text.data(), size, static_cast<off_t>(at)) !=
      static_cast<ssize_t>(size))
    return 0;
  const bool is_whole = slot.check.load(std::memory_order_relaxed) ==
                        check_of(sequence, offset, text.data(), text.size());
  return is_whole ? offset : 0;
}

/// The end of the segment's output; nothing if it holds none that can be believed.
std::optional<std::uint64_t> end_of(const segment_record& record) {
  const auto start = record.start.load(std::memory_order_acquire);
  const auto used = used_of(start, record.fill.load(std::memory_order_acquire));
  if (used < 0 || start > largest_offset)
    return std::nullopt;
  return start + static_cast<std::uint64_t>(used);
}

/// Counts what the last writer had read and not counted when it was killed: it can only be behind
/// the newest output, which ends at `end`. @returns where it ends now.
std::uint64_t count_unfinished(session_memory& memory, std::uint64_t end) {
  const auto blank = memory.header().blank.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < memory.map().segments; ++i) {
    auto& record = memory.record(i);
    const auto start = record.start.load(std::memory_order_acquire);
    if (blank != blank_of(i, start) || end_of(record) != end)
      continue;
    const auto used = static_cast<std::size_t>(end - start);
    std::string rest(segment_bytes - used, '\0');
    const auto got = ::pread(memory.file()->get(), rest.data(), rest.size(),
                             static_cast<off_t>(memory.map().segment(i) + used));
    const auto more = got > 0 ? written(rest.data(), static_cast<std::size_t>(got)) : 0;
    record.fill.store(fill_of(start, static_cast<std::uint32_t>(used + more)),
                      std::memory_order_release);
    memory.header().blank.store(0, std::memory_order_release); // what comes there now is too late
    return end + more;
  }
  return end;
}

} // namespace

void drain::begin(session_memory& memory) {
  const auto& map = memory.map();
  const auto& header = memory.header();
  std::uint64_t end_of_output = 0;
  for (std::size_t i = 0; i < map.segments; ++i)
    end_of_output = std::max(end_of_output, end_of(memory.record(i)).value_or(0));
  end_of_output = count_unfinished(memory, end_of_output);
  // Of a server that keeps no history all segments may be free.
  for (std::size_t i = 0; i < 2 && end_of_output == 0; ++i)
    end_of_output =
        std::max({end_of_output, offset_of(memory, header.notes[i], map.note(i), note_bytes),
                  offset_of(memory, header.checkpoints[i], map.checkpoint(i), checkpoint_bytes)});
  segment_.reset();
  start_ = end_of_output;
  used_ = 0;
}

bool drain::find_room(session_memory& memory) {
  if (segment_ && used_ < segment_bytes)
    return true;
  std::optional<std::size_t> best;
  std::uint64_t lowest = 0;
  for (std::size_t i = 0; i < memory.map().segments; ++i) {
    const auto& record = memory.record(i);
    if (record.fill.load(std::memory_order_acquire) == 0) {
      best = i;
      break;
    }
    const auto start = record.start.load(std::memory_order_acquire);
    if (end_of(record) && (!best || start < lowest)) {
      best = i;
      lowest = start;
    }
  }
  // With its pages at hand, writing cannot fail once the bytes have left the terminal.
  if (!best || ::fallocate(memory.file()->get(), 0, static_cast<off_t>(memory.map().segment(*best)),
                           segment_bytes) != 0)
    return false;
  start_ += used_;
  used_ = 0;
  segment_ = best;
  return true;
}

bool drain::keep(session_memory& memory, const char* bytes, std::uint32_t size) {
  auto& record = memory.record(*segment_);
  if (used_ == 0) {
    record.fill.store(0, std::memory_order_release);
    record.start.store(start_, std::memory_order_release);
  }
  std::uint32_t done = 0;
  while (done < size) {
    const auto at = static_cast<off_t>(memory.map().segment(*segment_) + used_ + done);
    const auto put = ::pwrite(memory.file()->get(), bytes + done, size - done, at);
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      break;
    done += static_cast<std::uint32_t>(put);
  }
  used_ += done;
  record.fill.store(fill_of(start_, used_), std::memory_order_release);
  return done == size;
}

drain::outcome drain::read_some(session_memory& memory, int master) {
  std::array<char, 4096> bytes;
  for (int i = 0; i < most_reads; ++i) {
    if (!find_room(memory))
      return outcome::blocked;
    const auto room = std::min(bytes.size(), segment_bytes - used_);
    const auto got = ::read(master, bytes.data(), room);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno == EAGAIN)
      return outcome::again;
    if (got <= 0) // EIO is how Linux says it
      return outcome::ended;
    if (!keep(memory, bytes.data(), static_cast<std::uint32_t>(got))) {
      note("drain: %d bytes of output could not be kept: errno %d", static_cast<int>(got), errno);
      return outcome::blocked;
    }
  }
  return outcome::again;
}

} // namespace roost::keeper
