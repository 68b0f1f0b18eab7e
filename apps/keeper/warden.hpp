#pragma once

#include <sys/types.h>

#include <cstdint>

#include "apps/keeper/program.hpp"

namespace roost::keeper {

/// Keeper to warden. That the keeper closes its side for writing means: end the tree. So does the
/// keeper's death, and neither can be lost or wait.
struct warden_order {
  std::int32_t number = 0; ///< of a signal
  reach to = reach::jobs;
  std::int32_t front = 0; ///< the terminal's foreground group; 0: none
};

/// Warden to keeper.
struct warden_notice {
  enum class fact : std::uint32_t { born = 1, exited = 2 };
  fact what{};
  std::int32_t pid = 0; ///< of the session's first process
  std::int32_t status = -1;
  std::int32_t signal = 0;
};

/// The body of a warden: a process of its own for each session, forked by the keeper. It starts the
/// program, adopts every orphan of the tree (PR_SET_CHILD_SUBREAPER), reaps, and ends the tree when
/// told. Exits with 0 once no process of the session is left; that is how the keeper knows.
/// `channel`: its end of a SOCK_SEQPACKET pair.
[[noreturn]] void run_warden(const program_plan& plan, int channel);

} // namespace roost::keeper
