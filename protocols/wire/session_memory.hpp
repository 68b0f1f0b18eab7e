#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

/// The layout of a session's memory: a sealed memfd that the keeper makes and holds, and that the
/// server maps and writes (docs/reference/keeper.md). It outlives the server, so whoever maps it
/// next trusts nothing in it: every word that matters carries a check. Both programs include this
/// header, and may be of different builds: within one `layout_version` nothing here changes.
///
/// The file, in order:
///   header            one page
///   records           one `segment_record` per segment, whole pages
///   two notes         `note_bytes` each: what the server must know of the session (JSON)
///   segments          `segment_bytes` each: output
///   two checkpoints   `checkpoint_bytes` each: the screen at an offset
/// It is sparse: pages that nobody wrote take no memory.
///
/// One writer at a time: the owner whose generation is in `header::owner` (the keeper stores it
/// before it hands the memory over), or the keeper itself, with generation 0, while it drains. A
/// writer that finds another generation there has been fenced off and must not write.
namespace roost::keeper {

inline constexpr std::uint64_t memory_magic = 0x31'6d'65'6d'2d'74'73'72; // "rst-mem1"
inline constexpr std::uint32_t layout_version = 1;
inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t segment_bytes = std::size_t{64} << 10;
inline constexpr std::size_t note_bytes = std::size_t{64} << 10;
inline constexpr std::size_t checkpoint_bytes = std::size_t{1} << 20;
/// Segments beyond those that the history needs: for what still waits for a checkpoint, and for
/// what slow viewers hold.
inline constexpr std::size_t spare_segments = 80;
inline constexpr std::size_t most_segments = std::size_t{1} << 16; ///< 4 GiB

/// A text in one of two slots. Written into the slot that is not current; then `state` is stored.
/// The slot with the highest sequence whose check holds is the current one.
struct text_slot {
  std::atomic<std::uint64_t> sequence; ///< 0: never written
  std::atomic<std::uint64_t> offset;   ///< of the output that the text belongs to
  std::atomic<std::uint64_t> size;     ///< bytes
  std::atomic<std::uint64_t> check;    ///< `check_of` the three and the text
};

/// One segment of output. `start` is stored while `fill` is 0, then `fill`, of no bytes; each piece
/// of output is written first and then counted by storing `fill`: the bytes so far, and a check of
/// them with `start`, in one word, so that a writer that dies at any point leaves a true record.
struct segment_record {
  std::atomic<std::uint64_t> start; ///< offset of its first byte
  std::atomic<std::uint64_t> fill;  ///< 0: free; else `fill_of(start, bytes)`
};

struct memory_header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t segments; ///< how many
  std::uint64_t check;    ///< of the three before, see `header_check`
  std::atomic<std::uint64_t> owner;
  std::array<text_slot, 2> notes;
  std::array<text_slot, 2> checkpoints;
  /// `blank_of` the segment that its writer promised to be zero behind what is counted; 0: none.
  /// A writer that is killed while it reads leaves bytes there that have left the terminal and were
  /// not counted: whoever comes next counts them (`written`). Builds that do not know this word
  /// leave it alone, and take other segments.
  std::atomic<std::uint64_t> blank;
};
static_assert(sizeof(memory_header) <= page_bytes);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Mixes a word (the finalizer of MurmurHash3, Austin Appleby, public domain).
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

constexpr std::uint64_t header_check(std::uint64_t word, std::uint32_t version,
                                     std::uint32_t segments) {
  return mix(word ^ mix((std::uint64_t{version} << 32) | segments));
}

/// The word that says "`used` bytes from `start`": `used` + 1 below, a check above. Never 0.
constexpr std::uint64_t fill_of(std::uint64_t start, std::uint32_t used) {
  const std::uint64_t low = std::uint64_t{used} + 1;
  return (mix(start ^ mix(low)) & 0xffff'ffff'0000'0000ULL) | low;
}
/// The bytes that a record's `fill` stands for; -1: free or damaged.
constexpr std::int64_t used_of(std::uint64_t start, std::uint64_t fill) {
  const std::uint64_t low = fill & 0xffff'ffffULL;
  if (low == 0 || low > segment_bytes + 1 ||
      fill != fill_of(start, static_cast<std::uint32_t>(low - 1)))
    return -1;
  return static_cast<std::int64_t>(low - 1);
}

/// The word that says "the segment `index`, which begins at `start`, is zero behind what is counted
/// of it". Never 0.
constexpr std::uint64_t blank_of(std::size_t index, std::uint64_t start) {
  const std::uint64_t low = std::uint64_t{index} + 1;
  return (mix(start + mix(low)) & 0xffff'ffff'0000'0000ULL) | low;
}
/// How many of these bytes were written, where all were zero before. Zeros at their end, which
/// change no screen, cannot be told from what was not written.
constexpr std::size_t written(const char* bytes, std::size_t size) {
  while (size > 0 && bytes[size - 1] == 0)
    --size;
  return size;
}

/// Checks a slot's text: FNV-1a of 64 bits (Fowler, Noll, Vo), eight bytes at a time, then mixed.
/// `text` has room for whole words only up to `size`; the rest is taken byte by byte.
inline std::uint64_t check_of(std::uint64_t sequence, std::uint64_t offset, const char* text,
                              std::uint64_t size) {
  std::uint64_t h = 0xcbf29ce484222325ULL ^ mix(sequence) ^ mix(offset + 1) ^ mix(size + 2);
  std::uint64_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    __builtin_memcpy(&word, text + i, 8);
    h = (h ^ word) * 0x100000001b3ULL;
    h ^= h >> 29;
  }
  for (; i < size; ++i)
    h = (h ^ static_cast<unsigned char>(text[i])) * 0x100000001b3ULL;
  return mix(h);
}

constexpr std::size_t whole_pages(std::size_t bytes) {
  return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}
/// Segments of a memory that can keep `history` bytes of output.
constexpr std::size_t segments_for(std::uint64_t history) {
  return static_cast<std::size_t>((history + segment_bytes - 1) / segment_bytes) + 1 +
         spare_segments;
}

/// Where the parts are, in bytes from the beginning.
struct memory_map {
  std::size_t segments = 0;

  [[nodiscard]] constexpr std::size_t records() const { return page_bytes; }
  [[nodiscard]] constexpr std::size_t note(std::size_t slot) const {
    return records() + whole_pages(segments * sizeof(segment_record)) + slot * note_bytes;
  }
  [[nodiscard]] constexpr std::size_t segment(std::size_t index) const {
    return note(2) + index * segment_bytes;
  }
  [[nodiscard]] constexpr std::size_t checkpoint(std::size_t slot) const {
    return segment(segments) + slot * checkpoint_bytes;
  }
  /// Bytes of the whole file.
  [[nodiscard]] constexpr std::size_t size() const { return checkpoint(2); }
};

} // namespace roost::keeper
