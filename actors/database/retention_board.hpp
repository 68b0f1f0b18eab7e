#pragma once

#include <atomic>
#include <cstdint>

namespace roost::database {

/// What others may know of what was removed at any time. Written by the retention alone.
struct retention_board {
  std::atomic<std::uint64_t> own{0};      ///< records, from the node's own file
  std::atomic<std::uint64_t> shared{0};   ///< from the shared database, by this node
  std::atomic<std::uint64_t> troubles{0}; ///< removals that failed; tried again
};

} // namespace roost::database
