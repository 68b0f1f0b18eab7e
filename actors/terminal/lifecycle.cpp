#include "actors/terminal/lifecycle.hpp"

#include <csignal>

namespace roost::terminal {

const char* to_string(session_state state) {
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

lifecycle_step lifecycle::on_spawned() {
  if (state_ == session_state::starting)
    state_ = session_state::running;
  return waiting();
}

lifecycle_step lifecycle::on_spawn_failed() {
  if (state_ != session_state::starting)
    return waiting();
  return end();
}

lifecycle_step lifecycle::on_kill_requested(steady_time now) {
  if (state_ != session_state::running)
    return waiting();
  state_ = session_state::exiting;
  is_kill_requested_ = true;
  return climb(now);
}

lifecycle_step lifecycle::on_kill_now(steady_time now) {
  const bool is_alive = state_ == session_state::running || state_ == session_state::exiting;
  if (!is_alive)
    return waiting();
  state_ = session_state::exiting;
  is_kill_requested_ = true;
  if (has_exited_) // only leftovers hold the PTY: no reason to wait for them
    return end();
  next_rung_ = ladder_.rungs().size() - 1;
  return climb(now);
}

lifecycle_step lifecycle::on_child_exit(steady_time now) {
  const bool is_alive = state_ == session_state::running || state_ == session_state::exiting;
  if (!is_alive || has_exited_)
    return waiting();
  has_exited_ = true;
  state_ = session_state::exiting;
  if (has_output_ended_)
    return end();
  wake_at_ = now + drain_;
  return waiting();
}

lifecycle_step lifecycle::on_output_end(steady_time /*now*/) {
  if (state_ == session_state::exited)
    return waiting();
  has_output_ended_ = true;
  // A program that closed its terminal but still runs is not over: its status is yet to come.
  return has_exited_ ? end() : waiting();
}

lifecycle_step lifecycle::on_time(steady_time now) {
  if (!wake_at_ || now < *wake_at_)
    return waiting();
  return has_exited_ ? end() : climb(now);
}

lifecycle_step lifecycle::climb(steady_time now) {
  const auto& rungs = ladder_.rungs();
  if (next_rung_ >= rungs.size()) {
    // KILL was sent and the program still is not gone: it hangs in the kernel (a dead network
    // disk). There is nothing stronger; its exit will be noticed if it ever comes.
    wake_at_.reset();
    return waiting();
  }
  const auto& rung = rungs[next_rung_++];
  if (next_rung_ < rungs.size())
    wake_at_ = now + rung.patience;
  else
    wake_at_.reset();
  return {rung.signal, wake_at_, false};
}

lifecycle_step lifecycle::end() {
  const bool has_leftovers = is_kill_requested_ && !has_output_ended_;
  state_ = session_state::exited;
  wake_at_.reset();
  lifecycle_step step;
  step.has_ended = true;
  // Whoever asked for the end meant the whole session, not only its first process.
  if (has_leftovers && has_exited_)
    step.signal = SIGKILL;
  return step;
}

} // namespace roost::terminal
