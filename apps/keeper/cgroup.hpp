#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/keeper/descriptor.hpp"
#include "apps/keeper/trouble.hpp"

namespace roost::keeper {

/// The cgroups (v2) of sessions: OWN/roost-PID/SESSION, where OWN is the cgroup in which the keeper
/// was started. The keeper and its wardens move to OWN/roost-PID/_keeper, since a cgroup that gives
/// controllers to others may not hold processes itself. Everything here is a help: trees end
/// without.
class cgroup_home {
public:
  cgroup_home() = default;
  cgroup_home(const cgroup_home&) = delete;
  cgroup_home& operator=(const cgroup_home&) = delete;
  /// Goes back to OWN and removes what is empty.
  ~cgroup_home();

  /// Makes the folders, if there is a cgroup v2 that we may write to. Removes those that a keeper
  /// which was killed has left.
  void open();
  [[nodiscard]] bool is_open() const { return !home_.empty(); }
  /// Whether limits can be set: the controllers for processes, memory and processor are there.
  [[nodiscard]] bool can_limit() const { return can_limit_; }

  /// Makes a session's cgroup and writes its limits.
  std::optional<trouble> make(std::string_view session,
                              const std::vector<std::pair<std::string, std::string>>& lines);
  /// The file into which a program writes itself; empty without cgroups.
  [[nodiscard]] descriptor door(std::string_view session) const;
  void kill(std::string_view session) const;
  /// Tried again by `sweep` if the kernel is not done with it.
  void remove(std::string_view session);
  void sweep();
  [[nodiscard]] bool has_leftovers() const { return !leftovers_.empty(); }

private:
  /// Switches a controller on for sessions. 0, or an errno: EBUSY if OWN holds other processes.
  int offer(std::string_view controller) const;

  std::string own_;
  std::string home_; ///< empty: no cgroups
  bool can_limit_ = false;
  std::vector<std::string> leftovers_;
};

} // namespace roost::keeper
