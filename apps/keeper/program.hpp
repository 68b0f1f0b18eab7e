#pragma once

#include <sys/resource.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "apps/keeper/start_request.hpp"
#include "apps/keeper/trouble.hpp"

namespace roost::keeper {

/// What the keeper was started with and changed for itself: programs get it back.
struct inheritance {
  rlimit files{};
  mode_t umask = 0;
};

/// What a program's process is made from. Descriptors belong to the keeper and are all CLOEXEC.
struct program_plan {
  const start_request& request;
  inheritance inherited;
  int tty = -1;            ///< the program's side of the PTY
  std::vector<int> extras; ///< become 3, 4, …; with a sandbox the last one is REPORT
  int errors = -1;         ///< pipe for a `trouble`; closed by exec
  int door = -1;           ///< the session's cgroup.procs; -1: none
};

/// In a process that was just forked: becomes the program, or writes why not and exits.
[[noreturn]] void become_program(const program_plan& plan);

/// execve, and as execvp does: a file that is no program is a script of /bin/sh. Returns an errno.
int execute(const char* path, std::vector<char*> arguments, char* const* environment);

} // namespace roost::keeper
