#pragma once

#include "actors/runtime/result.hpp"
#include "actors/terminal/screen_follower.hpp"
#include "actors/terminal/shell_watch.hpp"
#include "protocols/session_info.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::terminal {

/// What was asked for when the session was made: enough to start its program again.
struct program_wish {
  std::vector<std::string> command;
  std::string cwd;
  std::vector<std::pair<std::string, std::string>> env;
};

/// What a server must know of a session to adopt it, beyond what the keeper and the kernel tell.
struct session_note {
  std::uint32_t version = 1; ///< of this format; a higher one has more fields
  std::string title;
  bool title_is_set = false;
  size_policy_kind size_policy = size_policy_kind::latest;
  std::string owner;
  wall_time created_at{}; ///< to the millisecond
  std::optional<wall_time> exited_at;
  std::optional<int> exit_status;
  std::optional<int> signal;
  std::vector<std::string> command;
  std::string cwd;
  std::string epoch;
  std::string sandbox;
  std::string run_as; ///< empty: written by a server that started all programs as itself
  std::vector<session_limit> limits;
  shell_memory shell;
  std::vector<size_change> sizes; ///< screen_follower::sizes
  bool is_kill_requested = false;
  restart_info restart;
  std::uint32_t restarts_in_row = 0;           ///< restart_plan::in_row
  std::optional<wall_time> program_started_at; ///< of the present program
  std::string end_reason;                      ///< session_info::end_reason
  bool record = false;                         ///< session_info::record
  std::uint64_t record_from = 0;               ///< session_info::record_from
  std::int64_t ended_pid = 0;       ///< of the program before restart.next_at; 0: unknown
  std::optional<program_wish> wish; ///< whole, or not there
  /// Fields that this build does not know, as a JSON object's text; they are written back. Empty:
  /// none.
  std::string extra;
};

/// Whether a note can hold the wish: it is never cut.
[[nodiscard]] bool fits_note(const program_wish& wish);

/// The note as JSON text of at most keeper::note_bytes. Texts that are too long are cut and end
/// with "…"; they may contain any bytes.
[[nodiscard]] std::string write_note(const session_note& note);

/// Reads a note. Takes any bytes; a field that is missing or of the wrong kind has its default,
/// unknown ones are in `extra`. Fails only on what is no JSON object. Never throws.
[[nodiscard]] result<session_note> read_note(std::string_view text);

} // namespace roost::terminal
