#pragma once

#include "actors/runtime/clock.hpp"
#include "actors/terminal/terminal_size.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>
#include <variant>

namespace roost::recording {

/// The wall clock as recordings keep it.
using wall_micros = std::chrono::time_point<std::chrono::system_clock,
                                            std::chrono::duration<std::int64_t, std::micro>>;

/// Now, on both clocks: the steady one measures within a chunk, the other one says when it began.
struct moment {
  steady_time steady;
  wall_time wall;
};

/// What a program wrote.
struct output {
  std::string_view bytes;
  friend bool operator==(const output&, const output&) = default;
};

/// The terminal has another size from here on.
struct resize {
  terminal::terminal_size size;
  friend bool operator==(const resize&, const resize&) = default;
};

/// A place that somebody may want to find again.
struct marker {
  std::string_view label;
  friend bool operator==(const marker&, const marker&) = default;
};

enum class gap_reason : std::uint8_t {
  missing = 0, ///< never came to the recorder
  rate = 1,    ///< came faster than the recording takes it
  size = 2,    ///< the recording is full
};
inline constexpr std::uint8_t gap_reason_count = 3;

/// Output that is not in the recording.
struct gap {
  std::uint64_t bytes = 0;
  gap_reason reason = gap_reason::missing;
  friend bool operator==(const gap&, const gap&) = default;
};

/// The program has ended. A session with a restart policy goes on behind it.
struct program_end {
  enum class kind : std::uint8_t { status = 0, signal = 1 };
  kind how = kind::status;
  std::uint32_t number = 0; ///< the exit status or the signal
  friend bool operator==(const program_end&, const program_end&) = default;
};

/// Input is not recorded: what people type is often a secret, and what may be seen of it is echoed.
using event_data = std::variant<output, resize, marker, gap, program_end>;

/// One thing that happened to a session. Its text belongs to whoever made the event.
struct event {
  wall_micros at;
  std::uint64_t offset = 0; ///< in the session's output; of an output's or a gap's first byte
  event_data data;
  friend bool operator==(const event&, const event&) = default;
};

} // namespace roost::recording
