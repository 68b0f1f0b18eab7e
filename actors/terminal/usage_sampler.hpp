#pragma once

#include "actors/terminal/usage.hpp"

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace roost::terminal {

/// One session whose use is wanted.
struct usage_question {
  std::int64_t warden = 0;
  std::int64_t program = 0;
  wall_time created_at{};
};

/// Reads /proc and keeps the last answer for each session. One pass over all processes serves all
/// sessions; it costs some 10 µs per process of the machine, so it is done on demand, at most once
/// per second and for 5 % of the time. Between passes the last answer stands; its time is in it.
/// POSIX, no CAF. Single thread; blocks for the length of a pass.
class usage_sampler {
public:
  /// `clock` must outlive this. `proc` is where procfs is mounted.
  explicit usage_sampler(const roost::clock& clock, std::string proc = "/proc");

  /// Takes a sample if it is time for one, and forgets who is not in `sessions`. True if it did.
  bool sample(std::span<const usage_question> sessions);
  /// True if `sample` would take one now.
  [[nodiscard]] bool is_due() const { return clock_->now() >= next_; }
  /// The last answer for the session of this warden; null: there is none, or its warden is gone.
  [[nodiscard]] const session_usage* find(std::int64_t warden) const;

private:
  struct known {
    std::uint64_t warden_started = 0; ///< a process number may be another's later
    steady_time when{};
    session_usage usage;
  };

  [[nodiscard]] std::vector<process_stat> read_all() const;
  void name_foreground(std::int64_t pid, const std::string& name, session_usage& out) const;

  const roost::clock* clock_;
  std::string proc_;
  steady_time next_{};
  std::unordered_map<std::int64_t, known> known_;
};

} // namespace roost::terminal
