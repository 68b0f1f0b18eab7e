#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace roost {

/// What is recorded of sessions, and for how long.
struct recording_config {
  bool enabled = true;                                     ///< unless a session says otherwise
  std::uint64_t max_per_session = std::uint64_t{64} << 20; ///< bytes of what is stored
  std::chrono::milliseconds retention = std::chrono::hours(720);
  std::vector<std::string> redact; ///< patterns, RE2
};

} // namespace roost
