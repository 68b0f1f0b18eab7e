#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "actors/runtime/clock.hpp"
#include "actors/terminal/kill_ladder.hpp"
#include "protocols/session_types.hpp"

namespace roost::terminal {

/// What the terminal actor must do after an event.
struct lifecycle_step {
  /// Send this to all processes of the session; SIGKILL: end them all, and what they start
  /// meanwhile.
  std::optional<int> signal;
  /// Call `on_time` at this moment, unless a later step says another; nothing: no timer is needed.
  std::optional<steady_time> wake_at;
  /// The session is over now: close the PTY and tell the viewers. True exactly once.
  bool has_ended = false;
};

/// The life of one session: when to signal, when to stop waiting, when it is over. A session is
/// over when its program has exited, no process of it is left, and its output has been read to the
/// end. What the program leaves behind gets `drain` to end by itself, and then the ladder, as if
/// somebody had asked for the end. Waits are bounded: somebody outside may keep the PTY open for
/// ever, and a process may hang in the kernel. Pure: times are passed in. Each call is safe in
/// every state; events that come twice or too late change nothing. Not thread-safe; owned by the
/// terminal actor.
class lifecycle {
public:
  lifecycle(kill_ladder ladder, std::chrono::milliseconds drain)
      : ladder_(std::move(ladder)), drain_(drain) {}

  /// The program was started.
  lifecycle_step on_spawned();
  /// The program could not be started: the session is over.
  lifecycle_step on_spawn_failed();
  /// Somebody asked for the end: start on the ladder. Asking again changes nothing.
  lifecycle_step on_kill_requested(steady_time now);
  /// Somebody asked for the end at once: go to the last rung. Asking again repeats its signal only.
  lifecycle_step on_kill_now(steady_time now);
  /// The program exited (its status is known).
  lifecycle_step on_child_exit(steady_time now);
  /// No process of the session is left.
  lifecycle_step on_tree_empty(steady_time now);
  /// The keeper is gone, and the program with it, also one that was yet to be started.
  lifecycle_step on_lost();
  /// The PTY says that nobody has it open any more.
  lifecycle_step on_output_end(steady_time now);
  /// The time asked for by `wake_at` may have come.
  lifecycle_step on_time(steady_time now);

  [[nodiscard]] session_state state() const { return state_; }
  [[nodiscard]] bool is_kill_requested() const { return is_kill_requested_; }

private:
  lifecycle_step climb(steady_time now);
  lifecycle_step settle(steady_time now);
  lifecycle_step end(session_state as = session_state::exited);
  [[nodiscard]] bool is_alive() const {
    return state_ == session_state::running || state_ == session_state::exiting;
  }
  [[nodiscard]] lifecycle_step waiting() const { return {std::nullopt, wake_at_, false}; }

  kill_ladder ladder_;
  std::chrono::milliseconds drain_;
  session_state state_ = session_state::starting;
  std::optional<steady_time> wake_at_;
  std::size_t next_rung_ = 0;
  bool is_kill_requested_ = false;
  bool has_exited_ = false;
  bool is_tree_empty_ = false;
  bool has_output_ended_ = false;
};

} // namespace roost::terminal
