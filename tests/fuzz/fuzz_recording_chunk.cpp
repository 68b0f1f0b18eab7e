#include "actors/database/recording/asciicast.hpp"
#include "actors/database/recording/chunk.hpp"
#include "actors/database/recording/text_export.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <zstd.h>

#include <cstdint>
#include <limits>
#include <string>

namespace roost::fuzz {

namespace {

using namespace recording;

constexpr std::size_t told = 6; // bytes in front of the blob or the list

chunk chunk_of(std::string_view data) {
  const auto byte = [data](std::size_t at) { return static_cast<unsigned char>(data[at]); };
  chunk made;
  made.first_offset = 1000;
  made.end_offset = made.first_offset + (byte(0) | byte(1) << 8);
  made.began_at = wall_micros(std::chrono::hours(1));
  made.ended_at = made.began_at + std::chrono::microseconds(byte(2) | byte(3) << 8);
  made.event_count = byte(4);
  made.size = {20, 5};
  const auto rest = data.substr(told);
  made.blob = "\1";
  if (byte(5) % 2 == 0) {
    made.blob += rest;
    const auto size = ZSTD_getFrameContentSize(rest.data(), rest.size());
    made.raw_size =
        size > std::numeric_limits<std::uint32_t>::max() ? 0 : static_cast<std::uint32_t>(size);
  } else {
    made.raw_size = static_cast<std::uint32_t>(rest.size());
    made.blob.resize(1 + ZSTD_compressBound(rest.size()));
    made.blob.resize(
        1 + ZSTD_compress(made.blob.data() + 1, made.blob.size() - 1, rest.data(), rest.size(), 1));
  }
  return made;
}

/// Each line is an event whose time is not before the one in front.
void check_cast(asciicast_version version, const chunk& from) {
  asciicast_writer writer(version);
  (void)writer.begin({});
  auto text = writer.add(from);
  ROOST_FUZZ_CHECK(text.has_value());
  *text += writer.finish();
  double last = 0;
  for (std::size_t at = 0; at < text->size();) {
    const auto end = text->find('\n', at);
    ROOST_FUZZ_CHECK(end != std::string::npos);
    boost::system::error_code error;
    const auto row = boost::json::parse(std::string_view(*text).substr(at, end - at), error);
    ROOST_FUZZ_CHECK(!error && row.is_array() && row.get_array().size() == 3);
    const auto time = row.get_array()[0].as_double();
    ROOST_FUZZ_CHECK(time >= (version == asciicast_version::v2 ? last : 0));
    last = time;
    at = end + 1;
  }
}

} // namespace

void recording_chunk(std::string_view data) {
  if (data.size() < told)
    return;
  const auto given = chunk_of(data);
  auto reader = chunk_reader::open(given);
  if (!reader) {
    ROOST_FUZZ_CHECK(is_presentable(reader.error().detail));
    return;
  }
  // What is accepted can be written, and read back to the same.
  chunk_writer writer(given.seq, given.first_offset, given.size);
  auto offset = given.first_offset;
  auto last = given.began_at;
  std::uint32_t count = 0;
  while (const auto one = reader->next()) {
    ROOST_FUZZ_CHECK(one->offset == offset && one->at >= last && one->at <= given.ended_at);
    last = one->at;
    ++count;
    const moment at{steady_time(one->at - given.began_at), one->at};
    if (const auto* written = std::get_if<output>(&one->data)) {
      offset += written->bytes.size();
      ROOST_FUZZ_CHECK(writer.add_output(at, written->bytes) == written->bytes.size());
      continue;
    }
    if (const auto* lost = std::get_if<gap>(&one->data))
      offset += lost->bytes;
    ROOST_FUZZ_CHECK(writer.add(at, one->data));
  }
  ROOST_FUZZ_CHECK(count == given.event_count && offset == given.end_offset);
  const auto again = writer.seal();
  ROOST_FUZZ_CHECK(again.end_offset == given.end_offset && again.event_count == count);
  auto first = chunk_reader::open(given);
  auto second = chunk_reader::open(again);
  ROOST_FUZZ_CHECK(first.has_value() && second.has_value());
  for (;;) {
    const auto one = first->next();
    ROOST_FUZZ_CHECK(one == second->next());
    if (!one)
      break;
  }

  check_cast(asciicast_version::v2, given);
  check_cast(asciicast_version::v3, given);
  text_export text(given.size);
  auto lines = text.add(given);
  ROOST_FUZZ_CHECK(lines.has_value());
  *lines += text.finish();
  for (const char byte : *lines)
    ROOST_FUZZ_CHECK(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20);
}

} // namespace roost::fuzz
