#pragma once

#include "actors/runtime/config_sandbox.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace roost::terminal {

/// What one session that is not over takes at a moment.
struct session_load {
  std::string id;
  std::string owner;
  std::uint64_t processes = 1;
  std::uint64_t memory = 0; ///< bytes
};

/// A session that is to end because its user takes too much.
struct surplus_session {
  std::string id;
  std::string owner;
  std::uint64_t memory = 0;          ///< bytes, of the session
  std::uint64_t memory_of_owner = 0; ///< bytes, of all the user's sessions

  friend bool operator==(const surplus_session&, const surplus_session&) = default;
};

/// Why `owner` may not have one more session now, for people; nothing: it may. `loads` are all
/// sessions that are not over, those that are being started included. Pure.
std::optional<std::string> refuse_session(const user_limits& limits, const std::string& owner,
                                          std::span<const session_load> loads);

/// Decides which sessions end so that each user stays within its memory: as the kernel does within
/// a cgroup, the one that takes most. Not at the first sight of too much, since memory comes and
/// goes while programs start, and one at a time, since it takes its time to end. Pure.
class user_watch {
public:
  explicit user_watch(const user_limits& limits) : limits_(limits) {}

  /// Takes a new sample of all sessions that are not over. The sessions that are to end now; at
  /// most one of each user.
  std::vector<surplus_session> on_sample(std::span<const session_load> loads);

private:
  struct record {
    int samples_above = 0; ///< in a row
    std::string ending;    ///< the session that was told to end; empty: none
    int samples_waited = 0;
  };

  user_limits limits_;
  std::map<std::string, record> users_; ///< who was above at the last sample
};

} // namespace roost::terminal
