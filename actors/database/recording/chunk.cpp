#include "actors/database/recording/chunk.hpp"

#include "actors/runtime/text_escape.hpp"

#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace roost::recording {

namespace {

constexpr char blob_version = 1;
// Of a frame of today's format: the library also reads forgotten ones.
constexpr std::string_view frame_magic = "\x28\xb5\x2f\xfd";
// The default of the library: about 1 ms for a full chunk, and text to a fifth or less.
constexpr int compression_level = 3;

enum class kind : std::uint8_t { output = 0, resize = 1, marker = 2, gap = 3, exit = 4 };

// Two varints, or one and a byte; and what stands before any event: the time, the kind, the length.
constexpr std::size_t longest_varint = 10;
constexpr std::size_t largest_head = 2 * longest_varint + 1;

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

/// Nothing when `text` ends inside, or the number has more than 64 bits.
std::optional<std::uint64_t> take_varint(std::string_view& text) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (text.empty())
      return std::nullopt;
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    if (shift == 63 && byte > 1)
      return std::nullopt;
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80)
      return value;
  }
  return std::nullopt;
}

std::string compress(std::string_view raw) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  if (!context)
    throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, compression_level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string blob(largest_blob(raw.size()), blob_version);
  const auto size =
      ZSTD_compress2(context.get(), blob.data() + 1, blob.size() - 1, raw.data(), raw.size());
  // The buffer is as large as the library asks for, so only memory can lack.
  if (ZSTD_isError(size))
    throw std::bad_alloc();
  blob.resize(1 + size);
  blob.shrink_to_fit();
  return blob;
}

/// What is wrong with it, or nullptr.
const char* unpack(std::string_view blob, std::size_t raw_size, std::string& raw) {
  if (blob.empty())
    return "it is empty";
  if (blob.front() != blob_version)
    return "its version is not known to this build";
  blob.remove_prefix(1);
  if (blob.substr(0, frame_magic.size()) != frame_magic)
    return "it is not packed as it should be";
  if (raw_size == 0 || raw_size > chunk_writer::max_raw)
    return "its size is out of range";
  if (ZSTD_getFrameContentSize(blob.data(), blob.size()) != raw_size)
    return "it does not have the size that is told";
  if (ZSTD_findFrameCompressedSize(blob.data(), blob.size()) != blob.size())
    return "it is cut, or something follows it";
  raw.resize(raw_size);
  const auto size = ZSTD_decompress(raw.data(), raw.size(), blob.data(), blob.size());
  return ZSTD_isError(size) || size != raw_size ? "it cannot be unpacked" : nullptr;
}

} // namespace

std::size_t largest_blob(std::size_t raw_size) {
  constexpr std::size_t version_and_checksum = 1 + 4;
  return ZSTD_compressBound(raw_size) + version_and_checksum;
}

// ---- writing ----

void chunk_writer::limit_raw(std::size_t bytes) { most_ = std::clamp(bytes, min_raw, max_raw); }

void chunk_writer::begin_event(moment at, std::uint8_t what, std::size_t length) {
  if (count_++ == 0)
    first_ = at;
  const auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(at.steady - first_.steady).count();
  const auto micros =
      std::max(last_micros_, static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0)));
  put_varint(raw_, micros - last_micros_);
  last_micros_ = micros;
  raw_ += static_cast<char>(what);
  put_varint(raw_, length);
}

std::size_t chunk_writer::add_output(moment at, std::string_view bytes) {
  if (raw_.size() + largest_head >= most_)
    return 0;
  bytes = bytes.substr(0, most_ - raw_.size() - largest_head);
  begin_event(at, static_cast<std::uint8_t>(kind::output), bytes.size());
  raw_ += bytes;
  offset_ += bytes.size();
  return bytes.size();
}

bool chunk_writer::add(moment at, const event_data& what) {
  auto type = kind::exit;
  std::string payload;
  if (const auto* size = std::get_if<resize>(&what)) {
    type = kind::resize;
    put_varint(payload, size->size.cols);
    put_varint(payload, size->size.rows);
  } else if (const auto* mark = std::get_if<marker>(&what)) {
    type = kind::marker;
    payload = utf8_prefix(mark->label, max_label);
  } else if (const auto* lost = std::get_if<gap>(&what)) {
    type = kind::gap;
    put_varint(payload, lost->bytes);
    payload += static_cast<char>(lost->reason);
  } else if (const auto* end = std::get_if<program_end>(&what)) {
    payload += static_cast<char>(end->how);
    put_varint(payload, end->number);
  } else {
    assert(!"output goes in by add_output");
    return true;
  }
  if (raw_.size() + largest_head + payload.size() > most_)
    return false;
  begin_event(at, static_cast<std::uint8_t>(type), payload.size());
  raw_ += payload;
  if (const auto* size = std::get_if<resize>(&what))
    size_ = size->size;
  if (const auto* lost = std::get_if<gap>(&what))
    offset_ += lost->bytes;
  return true;
}

chunk chunk_writer::seal() {
  assert(!empty());
  chunk done;
  done.seq = seq_++;
  done.first_offset = std::exchange(first_offset_, offset_);
  done.end_offset = offset_;
  done.began_at =
      std::max(wall_micros(), std::chrono::time_point_cast<std::chrono::microseconds>(first_.wall));
  done.ended_at = done.began_at + std::chrono::microseconds(std::exchange(last_micros_, 0));
  done.size = std::exchange(first_size_, size_);
  done.raw_size = static_cast<std::uint32_t>(raw_.size());
  done.event_count = std::exchange(count_, 0);
  done.blob = compress(raw_);
  raw_ = {}; // with its memory: most sessions are idle most of the time
  return done;
}

// ---- reading ----

chunk_reader::chunk_reader(const chunk& from) {
  meta_.seq = from.seq;
  meta_.first_offset = from.first_offset;
  meta_.end_offset = from.end_offset;
  meta_.began_at = from.began_at;
  meta_.ended_at = from.ended_at;
  meta_.size = from.size;
  meta_.raw_size = from.raw_size;
  meta_.event_count = from.event_count;
  rewind();
}

void chunk_reader::rewind() {
  at_ = 0;
  offset_ = meta_.first_offset;
  micros_ = 0;
}

result<chunk_reader> chunk_reader::open(const chunk& from) {
  const auto damaged = [&from](const char* what) {
    return failure{request_error::internal,
                   "chunk " + std::to_string(from.seq) + " of the recording is damaged: " + what};
  };
  // Times since 1970, so that their difference is a number, too.
  if (from.end_offset < from.first_offset || from.ended_at < from.began_at ||
      from.began_at < wall_micros() || !from.size.is_valid())
    return damaged("what is told about it cannot be");
  chunk_reader reader(from);
  if (const auto* wrong = unpack(from.blob, from.raw_size, reader.raw_))
    return damaged(wrong);
  std::uint64_t count = 0;
  for (std::optional<event> read;; ++count) {
    if (const auto* wrong = reader.read(read))
      return damaged(wrong);
    if (!read)
      break;
  }
  if (count == 0 || count != from.event_count)
    return damaged("the number of its events is not the one that is told");
  if (reader.offset_ != from.end_offset)
    return damaged("its output does not have the length that is told");
  if (from.began_at + std::chrono::microseconds(reader.micros_) != from.ended_at)
    return damaged("it does not last as long as is told");
  reader.rewind();
  return reader;
}

std::optional<event> chunk_reader::next() {
  std::optional<event> found;
  read(found); // all was checked by `open`
  return found;
}

const char* chunk_reader::read(std::optional<event>& into) {
  into.reset();
  auto left = std::string_view(raw_).substr(at_);
  if (left.empty())
    return nullptr;
  const auto delay = take_varint(left);
  const auto most = static_cast<std::uint64_t>((meta_.ended_at - meta_.began_at).count() - micros_);
  if (!delay || *delay > most)
    return "the time of an event";
  micros_ += static_cast<std::int64_t>(*delay);
  if (left.empty())
    return "the kind of an event";
  const auto type = static_cast<unsigned char>(left.front());
  left.remove_prefix(1);
  const auto length = take_varint(left);
  if (!length || *length > left.size())
    return "the length of an event";
  auto payload = left.substr(0, *length);
  at_ = raw_.size() - left.size() + *length;

  event found{meta_.began_at + std::chrono::microseconds(micros_), offset_, {}};
  const auto output_left = meta_.end_offset - offset_;
  switch (kind{type}) {
  case kind::output:
    if (payload.empty() || payload.size() > output_left)
      return "the length of an output";
    offset_ += payload.size();
    found.data = output{payload};
    payload = {};
    break;
  case kind::resize: {
    const auto cols = take_varint(payload);
    const auto rows = take_varint(payload);
    if (!cols || !rows || !terminal::is_valid_size(*cols, *rows))
      return "a size";
    found.data = resize{{static_cast<std::uint16_t>(*cols), static_cast<std::uint16_t>(*rows)}};
    break;
  }
  case kind::marker:
    if (payload.size() > chunk_writer::max_label)
      return "the length of a marker";
    found.data = marker{payload};
    payload = {};
    break;
  case kind::gap: {
    const auto bytes = take_varint(payload);
    if (!bytes || *bytes > output_left || payload.empty() ||
        static_cast<unsigned char>(payload.front()) >= gap_reason_count)
      return "a gap";
    found.data = gap{*bytes, static_cast<gap_reason>(payload.front())};
    offset_ += *bytes;
    payload.remove_prefix(1);
    break;
  }
  case kind::exit: {
    if (payload.empty() || static_cast<unsigned char>(payload.front()) > 1)
      return "an exit";
    const auto how = static_cast<program_end::kind>(payload.front());
    payload.remove_prefix(1);
    const auto number = take_varint(payload);
    if (!number || *number > std::numeric_limits<std::uint32_t>::max())
      return "an exit";
    found.data = program_end{how, static_cast<std::uint32_t>(*number)};
    break;
  }
  default:
    return "the kind of an event";
  }
  if (!payload.empty())
    return "the length of an event";
  into = found;
  return nullptr;
}

} // namespace roost::recording
