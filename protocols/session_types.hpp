#pragma once

#include <cstdint>
#include <string_view>

/// The words for a session that models, messages and configuration share. No CAF.
namespace roost {

/// Where a session is in its life. Moves to the right only; `lost` when the keeper that held its
/// program is gone.
enum class session_state : std::uint8_t { starting, running, exiting, exited, lost };

constexpr std::string_view to_string(session_state state) {
  switch (state) {
  case session_state::starting:
    return "starting";
  case session_state::running:
    return "running";
  case session_state::exiting:
    return "exiting";
  case session_state::exited:
    return "exited";
  case session_state::lost:
    return "lost";
  }
  return "lost";
}

/// What a viewer may do: `control` types and counts for the size, `view` only watches.
enum class viewer_mode : std::uint8_t { control, view };

/// Whose size a terminal has when several viewers watch it.
enum class size_policy_kind : std::uint8_t {
  latest,   ///< the holder's window decides; typing takes the hold (the default, as in tmux)
  smallest, ///< the least columns and the least rows of all control viewers: nobody scrolls
  largest,  ///< the most columns and the most rows of all control viewers
  manual,   ///< viewers never decide; only an explicit resize does
};

/// Whether a session whose program has ended starts it again.
enum class restart_policy : std::uint8_t {
  never,
  on_failure, ///< when it ended with another status than 0, or by a signal
  always,
};

} // namespace roost
