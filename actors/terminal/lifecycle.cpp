#include "actors/terminal/lifecycle.hpp"

namespace roost::terminal {

namespace {

// After KILL, for processes that hang in the kernel or belong to somebody else.
constexpr std::chrono::seconds last_patience{2};

} // namespace

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
  if (!is_alive() || is_kill_requested_)
    return waiting();
  state_ = session_state::exiting;
  is_kill_requested_ = true;
  if (is_tree_empty_) // only strangers hold the PTY: no reason to wait for them
    return end();
  return next_rung_ == 0 ? climb(now) : waiting();
}

lifecycle_step lifecycle::on_kill_now(steady_time now) {
  if (!is_alive())
    return waiting();
  state_ = session_state::exiting;
  is_kill_requested_ = true;
  if (is_tree_empty_)
    return end();
  if (next_rung_ >= ladder_.rungs().size()) // again, but nobody puts the end off by asking for it
    return {ladder_.rungs().back().signal, wake_at_, false};
  next_rung_ = ladder_.rungs().size() - 1;
  return climb(now);
}

lifecycle_step lifecycle::on_child_exit(steady_time now) {
  if (!is_alive() || has_exited_)
    return waiting();
  has_exited_ = true;
  state_ = session_state::exiting;
  return settle(now);
}

lifecycle_step lifecycle::on_tree_empty(steady_time now) {
  if (!is_alive() || is_tree_empty_)
    return waiting();
  is_tree_empty_ = true;
  has_exited_ = true; // whoever says so has said that before
  state_ = session_state::exiting;
  wake_at_.reset();
  return settle(now);
}

lifecycle_step lifecycle::on_output_end(steady_time now) {
  if (!is_alive())
    return waiting();
  has_output_ended_ = true;
  // A program that closed its terminal but still runs is not over: its status is yet to come.
  return settle(now);
}

lifecycle_step lifecycle::on_lost() {
  return is_alive() || state_ == session_state::starting ? end(session_state::lost) : waiting();
}

lifecycle_step lifecycle::settle(steady_time now) {
  if (!has_exited_)
    return waiting();
  if (is_tree_empty_ && has_output_ended_)
    return end();
  // What is left, or who else has the PTY, gets this long; on the ladder it has its own times.
  if (!wake_at_)
    wake_at_ = now + drain_;
  return waiting();
}

lifecycle_step lifecycle::on_time(steady_time now) {
  if (!wake_at_ || now < *wake_at_)
    return waiting();
  wake_at_.reset();
  if (!has_exited_)
    return climb(now);
  const bool is_ladder_done = next_rung_ >= ladder_.rungs().size();
  return is_tree_empty_ || is_ladder_done ? end() : climb(now);
}

lifecycle_step lifecycle::climb(steady_time now) {
  const auto& rungs = ladder_.rungs();
  wake_at_.reset();
  if (next_rung_ >= rungs.size()) {
    // KILL was sent and the program still is not gone: it hangs in the kernel (a dead network
    // disk). There is nothing stronger; its exit will be noticed if it ever comes.
    return waiting();
  }
  const auto& rung = rungs[next_rung_++];
  if (next_rung_ < rungs.size())
    wake_at_ = now + rung.patience;
  else if (has_exited_) // what cannot be killed is not waited for, once the status is known
    wake_at_ = now + last_patience;
  return {rung.signal, wake_at_, false};
}

lifecycle_step lifecycle::end(session_state as) {
  state_ = as;
  wake_at_.reset();
  lifecycle_step step;
  step.has_ended = true;
  return step;
}

} // namespace roost::terminal
