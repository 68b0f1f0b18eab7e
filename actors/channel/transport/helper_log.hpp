#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::channel {

/// What of a program's standard error goes to the log: whole lines, each cut at 1 KiB, at most 100
/// in 10 s; the rest is only counted. Keeps at most one line. Does not escape: the log does. Not
/// thread-safe.
class helper_log {
public:
  static constexpr std::size_t longest_line = 1024;
  static constexpr std::uint32_t most_lines = 100;
  static constexpr std::chrono::seconds window{10};

  struct output {
    std::vector<std::string> lines;
    std::uint64_t left_out = 0; ///< lines since the last time that this was not 0
  };

  /// Takes what was read.
  output take(std::string_view bytes, steady_time now);
  /// The program has ended: what is left, a line without its newline too.
  output finish(steady_time now);
  /// When to call `take` (with nothing) so that lines left out are told of; nothing: there are
  /// none.
  [[nodiscard]] std::optional<steady_time> due() const;

private:
  void end_line(output& into);
  void roll(output& into, steady_time now);

  std::string line_;
  std::optional<steady_time> window_start_;
  std::uint32_t taken_ = 0; ///< in this window
  std::uint64_t left_out_ = 0;
};

} // namespace roost::channel
