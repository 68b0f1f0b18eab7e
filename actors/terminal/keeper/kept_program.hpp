#pragma once

#include "actors/terminal/pty/unique_fd.hpp"
#include "protocols/ids.hpp"
#include "protocols/wire/keeper.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace roost::terminal {

/// A program that the keeper holds, as it was handed over.
struct kept_program {
  session_id id;
  unique_fd memory; ///< session_memory.hpp
  unique_fd master; ///< non-blocking; shared with the keeper
  std::uint64_t generation = 0;
  std::int64_t pid = 0;
  std::int64_t warden = 0;
  keeper::phase phase = keeper::phase::running;
  int status = -1;
  int signal = 0; ///< not 0: the signal that ended it
};

/// What the keeper is asked to start.
struct start_order {
  std::string parts;          ///< keeper::tag
  std::vector<unique_fd> fds; ///< what the program gets from 3 on
};

} // namespace roost::terminal
