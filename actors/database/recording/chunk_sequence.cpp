#include "actors/database/recording/chunk_sequence.hpp"

#include <fmt/format.h>

namespace roost::recording {

std::string_view describe(gap_reason reason) {
  switch (reason) {
  case gap_reason::rate:
    return "too fast for the recording";
  case gap_reason::size:
    return "the recording is full";
  case gap_reason::missing:
    break;
  }
  return "missing";
}

std::string describe_gap(std::uint64_t bytes, std::string_view reason) {
  return fmt::format("{} byte{} not recorded ({})", bytes, bytes == 1 ? " was" : "s were", reason);
}

result<chunk_reader> chunk_sequence::open(const chunk& next) {
  if (seq_ && (next.seq <= *seq_ || next.first_offset < end_offset_))
    return failure{
        request_error::internal,
        fmt::format("chunk {} of the recording does not come behind chunk {}", next.seq, *seq_)};
  ROOST_TRY(auto reader, chunk_reader::open(next));
  lost_ = seq_ ? next.first_offset - end_offset_ : 0;
  seq_ = next.seq;
  end_offset_ = next.end_offset;
  return reader;
}

} // namespace roost::recording
