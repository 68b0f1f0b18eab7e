#pragma once

#include <sys/types.h>

#include <unordered_set>
#include <vector>

namespace roost::keeper {

/// Signals all descendants of `root`, whatever session or group they made for themselves, except
/// those in `spared` and their descendants. `root`'s own children must be reaped by the caller
/// only, so that their numbers stay theirs. To what is stopped a SIGCONT follows where
/// `continues_after`.
void signal_tree(pid_t root, const std::unordered_set<pid_t>& spared, int number);

/// The same, only for those whose session is `session`.
void signal_session(pid_t root, pid_t session, int number);

/// HUP, INT, QUIT and TERM ask a process to end: one that is stopped must be able to hear it.
bool continues_after(int number);

/// What one round of killing met.
struct kill_round {
  std::size_t found = 0; ///< descendants, zombies included
  bool has_new = false;  ///< some that no round before met
};

/// Kills a tree that may grow meanwhile. A process that was stopped forks no more, so stopping
/// everything until nothing new is found, and only then killing, wins against a fork bomb.
class tree_killer {
public:
  explicit tree_killer(pid_t root) : root_(root) {}

  /// Stops and kills what is there. Does not wait; call it again while anything is left.
  kill_round round(const std::unordered_set<pid_t>& spared = {});

private:
  pid_t root_;
  std::unordered_set<pid_t> met_;
};

} // namespace roost::keeper
