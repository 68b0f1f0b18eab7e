#pragma once

#include "actors/database/recording/chunk.hpp"
#include "actors/runtime/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roost::recording {

/// What an export says about a gap: "N bytes were not recorded (reason)".
std::string describe_gap(std::uint64_t bytes, std::string_view reason);
/// A few words for people.
std::string_view describe(gap_reason reason);

/// Goes through the chunks of a recording in order, for an export. Pure.
class chunk_sequence {
public:
  /// Output that is in no chunk, before the one that was opened last.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// Errors: request_error::internal when the chunk is damaged (it may be left out: the next one
  /// then tells what was lost), or does not come behind the one before.
  result<chunk_reader> open(const chunk& next);

private:
  std::optional<std::uint64_t> seq_;
  std::uint64_t end_offset_ = 0;
  std::uint64_t lost_ = 0;
};

} // namespace roost::recording
