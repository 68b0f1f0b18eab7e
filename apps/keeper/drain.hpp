#pragma once

#include <cstdint>
#include <optional>

#include "apps/keeper/session_memory.hpp"

namespace roost::keeper {

/// Reads a program's output into its session's memory while no server is there (the layout is that
/// of session_memory.hpp). Takes free segments; if there is none, the one with the oldest output.
class drain {
public:
  enum class outcome : std::uint8_t {
    again,   ///< nothing more for now
    ended,   ///< nobody has the program's side any more, and all was read
    blocked, ///< no room: nothing was read, so nothing is lost
  };

  /// Takes the memory over: finds where the output that it holds ends, whatever the last writer
  /// did.
  void begin(session_memory& memory);
  /// Reads what is there, with a bound for the sake of other sessions.
  outcome read_some(session_memory& memory, int master);

private:
  bool find_room(session_memory& memory);
  bool keep(session_memory& memory, const char* bytes, std::uint32_t size);

  std::optional<std::size_t> segment_;
  std::uint64_t start_ = 0; ///< of the segment
  std::uint32_t used_ = 0;  ///< bytes in it
};

} // namespace roost::keeper
