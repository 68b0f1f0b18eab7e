#pragma once

#include "actors/database/recording/event.hpp"
#include "actors/runtime/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roost::recording {

/// A piece of a recording as a store keeps it: columns and a blob. The format is described in
/// docs/reference/recording_format.md.
struct chunk {
  std::uint64_t seq = 0;          ///< from 0, without holes
  std::uint64_t first_offset = 0; ///< in the session's output
  std::uint64_t end_offset = 0;   ///< the next chunk's first_offset
  wall_micros began_at;           ///< time of the first event; not before 1970
  wall_micros ended_at;           ///< time of the last event, never before began_at
  terminal::terminal_size size;   ///< before the first event
  std::uint32_t raw_size = 0;     ///< bytes of the event list before compression
  std::uint32_t event_count = 0;  ///< at least 1
  std::string blob;
};

/// Builds chunks, one after the other. Pure; not thread-safe.
class chunk_writer {
public:
  /// Bytes of an event list at most. What a reader has to be ready for.
  static constexpr std::size_t max_raw = std::size_t{256} << 10;
  /// Bytes of a marker's label; a longer one is cut.
  static constexpr std::size_t max_label = 1024;
  /// The least that a writer can be made with: room for an event of any kind.
  static constexpr std::size_t min_raw = max_label + 64;

  /// The first chunk has this number, begins at this offset, and with this size.
  chunk_writer(std::uint64_t seq, std::uint64_t offset, terminal::terminal_size size)
      : seq_(seq), first_offset_(offset), offset_(offset), first_size_(size), size_(size) {}

  /// Adds as much output as there is room for. @returns the bytes taken; 0: seal first.
  std::size_t add_output(moment at, std::string_view bytes);
  /// Adds anything but output. @returns whether there was room for it; if not, seal first.
  bool add(moment at, const event_data& what);
  /// Bounds the event list of this chunk, and of each further one, between min_raw and max_raw.
  void limit_raw(std::size_t bytes);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// When the first event of this chunk was; the writer must not be empty.
  [[nodiscard]] steady_time began() const { return first_.steady; }
  /// The number of this chunk.
  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  /// Where this chunk begins.
  [[nodiscard]] std::uint64_t first_offset() const { return first_offset_; }
  /// The terminal's size after all that was added.
  [[nodiscard]] terminal::terminal_size size() const { return size_; }

  /// Ends this chunk and begins the next. The writer must not be empty.
  chunk seal();

private:
  void begin_event(moment at, std::uint8_t kind, std::size_t length);

  std::uint64_t seq_;
  std::uint64_t first_offset_;
  std::uint64_t offset_;
  terminal::terminal_size first_size_;
  terminal::terminal_size size_;
  std::size_t most_ = max_raw;
  moment first_{};
  std::uint64_t last_micros_ = 0; ///< since `first_`
  std::uint32_t count_ = 0;
  std::string raw_;
};

/// Bytes of a blob whose event list has this size, at most.
std::size_t largest_blob(std::size_t raw_size);

/// Reads a chunk, which may come from anywhere: everything is checked at the beginning, nothing
/// outside is read, and no more than chunk_writer::max_raw bytes are unpacked. Owns what its events
/// point to. Pure; not thread-safe.
class chunk_reader {
public:
  /// Errors: request_error::internal; the detail names the chunk and what is damaged.
  static result<chunk_reader> open(const chunk& from);

  /// The next event; nothing at the end. Its text is valid as long as the reader.
  std::optional<event> next();

private:
  explicit chunk_reader(const chunk& from);
  /// The next event, or what is wrong with it. At the end neither.
  const char* read(std::optional<event>& into);
  void rewind();

  chunk meta_; ///< without its blob
  std::string raw_;
  std::size_t at_ = 0;
  std::uint64_t offset_ = 0;
  std::int64_t micros_ = 0;
};

} // namespace roost::recording
