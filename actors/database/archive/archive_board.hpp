#pragma once

#include <atomic>
#include <cstdint>

namespace roost::database {

/// What others may know of the archive at any time. Written by the archive alone.
struct archive_board {
  std::atomic<std::uint64_t> waiting{0};        ///< records that are not in the node's file yet
  std::atomic<std::uint64_t> waiting_bytes{0};  ///< of them
  std::atomic<std::uint64_t> written{0};        ///< records, since the start
  std::atomic<std::uint64_t> outbox_bytes{0};   ///< of what waits for the shared database
  std::atomic<std::uint64_t> outbox_dropped{0}; ///< measures that found no room there
  std::atomic<std::uint64_t> dropped{0};        ///< that found no room, or could never be written
  std::atomic<std::uint64_t> outbox{0};         ///< that the shared database does not have yet
  std::atomic<std::uint64_t> shipped{0};        ///< to it, since the start
  std::atomic<std::uint64_t> ship_failures{0};
  /// Since the start the shared database had everything once: nothing of earlier starts waits.
  std::atomic<bool> had_all{false};
};

} // namespace roost::database
