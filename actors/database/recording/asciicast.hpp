#pragma once

#include "actors/database/recording/chunk_sequence.hpp"
#include "actors/runtime/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::recording {

enum class asciicast_version : std::uint8_t { v2 = 2, v3 = 3 };

/// What stands in front of the events. Empty fields are left out.
struct asciicast_header {
  terminal::terminal_size size; ///< at the beginning
  std::string term_type;        ///< TERM, e.g. "xterm-256color"
  wall_micros began_at;         ///< of the first chunk
  std::string command;
  std::string title;
  std::vector<std::pair<std::string, std::string>> env;
};

/// Writes a recording as asciicast v3 (https://docs.asciinema.org/manual/asciicast/v3/) or v2
/// (https://docs.asciinema.org/manual/asciicast/v2/), chunk by chunk: `begin`, `add` for each,
/// `finish`. Holds no more than a chunk. Pure; not thread-safe.
///
/// Time begins with the first event, and never goes back: where the wall clock did, nothing passes.
/// It is written in whole microseconds, so sums of intervals do not drift. Output becomes UTF-8: a
/// character that is cut between two events is written with the later one, what is no character
/// becomes U+FFFD. Gaps become markers. A program that ends becomes "x" at the end (v3 only, 128
/// more than the signal as shells have it), and a marker when the session goes on behind it.
class asciicast_writer {
public:
  explicit asciicast_writer(asciicast_version version) : version_(version) {}

  /// The header's line.
  std::string begin(const asciicast_header& header);
  /// The lines of a chunk's events. Errors: as chunk_sequence::open.
  result<std::string> add(const chunk& next);
  /// What was waiting for more.
  std::string finish();

private:
  void add(std::string& out, const event& next);
  void write(std::string& out, char code, std::string_view data);
  void write_gap(std::string& out, std::uint64_t bytes, std::string_view reason);
  void write_unfinished(std::string& out);
  void write_end_as_marker(std::string& out);
  void resize_to(std::string& out, terminal::terminal_size size);

  asciicast_version version_;
  chunk_sequence chunks_;
  terminal::terminal_size size_;
  std::optional<wall_micros> last_at_;
  std::uint64_t now_ = 0;     ///< microseconds since the beginning
  std::uint64_t written_ = 0; ///< what `now_` was at the last line
  std::string unfinished_;    ///< the beginning of a character
  std::optional<program_end> end_;
};

} // namespace roost::recording
