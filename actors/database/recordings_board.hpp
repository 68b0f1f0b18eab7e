#pragma once

#include <atomic>
#include <cstdint>

namespace roost::database {

/// What others may know of the recordings at any time. Written by their actor alone.
struct recordings_board {
  std::atomic<std::uint64_t> sessions{0};     ///< that are being recorded
  std::atomic<std::uint64_t> chunks{0};       ///< made since the start
  std::atomic<std::uint64_t> bytes{0};        ///< of those, compressed
  std::atomic<std::uint64_t> output{0};       ///< bytes of output that came to the recorders
  std::atomic<std::uint64_t> lost{0};         ///< bytes of output that are gaps in recordings
  std::atomic<std::uint64_t> texts{0};        ///< pieces of text given to be written
  std::atomic<std::uint64_t> text_bytes{0};   ///< of those
  std::atomic<std::uint64_t> text_skipped{0}; ///< bytes of text that were left out
  std::atomic<std::uint64_t> troubles{0};     ///< questions to terminals or the archive that failed
};

} // namespace roost::database
