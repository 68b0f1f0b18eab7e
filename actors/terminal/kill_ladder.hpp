#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime/config.hpp"
#include "actors/runtime/result.hpp"

namespace roost::terminal {

/// One rung: send `signal`, then give the program `patience` before the next rung.
struct kill_rung {
  int signal = 0;
  std::chrono::milliseconds patience{0};

  friend bool operator==(const kill_rung&, const kill_rung&) = default;
};

/// How a session is ended, from a polite request to force. Read from `terminals.kill_ladder`, a
/// list of signals and pauses: [HUP, 2s, TERM, 3s, KILL].
class kill_ladder {
public:
  /// The default ladder above.
  kill_ladder();

  /// Parses the configuration's list. Signals are HUP, INT, QUIT, TERM, CONT, USR1, USR2 and KILL,
  /// with or without SIG; pauses are durations as in the rest of the configuration, at most 10 min
  /// each. It must start with a signal, and end with KILL, since otherwise a program could refuse
  /// to end; at most 16 items. Error: bad_configuration, naming the item.
  static result<kill_ladder> parse(std::span<const std::string> items);

  /// The ladder of a configuration that was checked: a list of signals and pauses. One that `parse`
  /// would refuse gives the default.
  static kill_ladder from_steps(std::span<const kill_step> steps);

  [[nodiscard]] const std::vector<kill_rung>& rungs() const { return rungs_; }

private:
  explicit kill_ladder(std::vector<kill_rung> rungs) : rungs_(std::move(rungs)) {}

  std::vector<kill_rung> rungs_;
};

/// The number of a signal by its name, with or without SIG, ignoring case; 0 if there is none.
int signal_number(std::string_view name);

/// The name of a signal with SIG ("SIGKILL"), or "SIG<number>" for one without a name here.
std::string signal_name(int number);

} // namespace roost::terminal
