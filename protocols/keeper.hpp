#pragma once

#include "protocols/ids.hpp"
#include "protocols/runtime.hpp"
#include "protocols/terminal.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

/// The vocabulary of the link to roost-keeper, which holds the programs (wire/keeper.hpp is what
/// the two processes say to each other). All of it stays on the node.
namespace roost {

namespace terminal {
struct start_order;
} // namespace terminal
namespace keeper {
struct refused;
} // namespace keeper

/// Starts a program for `who`, who hears of its end from then on.
struct start_program {
  session_id id;
  std::shared_ptr<terminal::start_order> what;
  terminal_actor who;
};
/// Says which terminal a program that was handed over belongs to. What has happened since then is
/// told to it again.
struct claim_program {
  session_id id;
  terminal_actor who;
};
/// A program and its descriptors, which belong to whoever takes them out; or why it does not run.
struct program_ready {
  std::shared_ptr<terminal::kept_program> what;
  std::shared_ptr<const keeper::refused> refusal; ///< set when `what` is not
};
/// Sends a signal to all processes of the session.
struct signal_program {
  session_id id;
  int number = 0;
};
/// Kills all processes of the session, and those that they start meanwhile.
struct end_program {
  session_id id;
};
/// The session is needed no longer: what is left of it ends, its exit status is forgotten.
struct forget_program {
  session_id id;
};
struct program_forgotten {};
/// Asks for a program's descriptors once more.
struct fetch_program {
  session_id id;
};
/// What others may know of the link at any time, without asking it. Written by the link alone.
struct keeper_board {
  std::atomic<bool> is_up{false};
  std::atomic<bool> has_cgroups{false};        ///< the keeper limits sessions by cgroup
  std::atomic<bool> can_start_again{false};    ///< it starts a session's next program
  std::atomic<std::uint64_t> launches{0};      ///< keepers that this server had to start
  std::atomic<std::uint64_t> lost_programs{0}; ///< because their keeper ended
  std::atomic<std::uint64_t> restarts{0};      ///< programs that were started in a session again
};

/// The link's own I/O.
struct keeper_readable {};
struct keeper_writable {};
struct keeper_launched {
  int status = 0; ///< of the launching process; -1: it could not be started
};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_keeper, caf::first_custom_type_id + 170)
CAF_ADD_TYPE_ID(roost_keeper, (roost::start_program))
CAF_ADD_TYPE_ID(roost_keeper, (roost::claim_program))
CAF_ADD_TYPE_ID(roost_keeper, (roost::program_ready))
CAF_ADD_TYPE_ID(roost_keeper, (roost::signal_program))
CAF_ADD_TYPE_ID(roost_keeper, (roost::end_program))
CAF_ADD_TYPE_ID(roost_keeper, (roost::forget_program))
CAF_ADD_TYPE_ID(roost_keeper, (roost::program_forgotten))
CAF_ADD_TYPE_ID(roost_keeper, (roost::fetch_program))
CAF_ADD_TYPE_ID(roost_keeper, (roost::keeper_readable))
CAF_ADD_TYPE_ID(roost_keeper, (roost::keeper_writable))
CAF_ADD_TYPE_ID(roost_keeper, (roost::keeper_launched))
CAF_END_TYPE_ID_BLOCK(roost_keeper)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::start_program)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::claim_program)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::program_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::signal_program)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::end_program)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::forget_program)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::program_forgotten)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::fetch_program)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::keeper_readable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::keeper_writable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::keeper_launched)

namespace roost {

/// The node's one link to its keeper: starts the keeper when there is none, hands over what it
/// holds, and passes on what happens to the programs.
using keeper_actor = caf::typed_actor<
    // Starts a program, or says why it cannot run.
    caf::replies_to<start_program>::with<program_ready>,
    // A terminal took over a program.
    caf::reacts_to<claim_program>, caf::reacts_to<signal_program>, caf::reacts_to<end_program>,
    // Answers when no server will hear of the program again, this one's successor included.
    caf::replies_to<forget_program>::with<program_forgotten>,
    // A program's descriptors again, for a terminal that takes the place of one that failed.
    caf::replies_to<fetch_program>::with<program_ready>,
    // Its own I/O and timers.
    caf::reacts_to<keeper_readable>, caf::reacts_to<keeper_writable>,
    caf::reacts_to<keeper_launched>, caf::reacts_to<timer_fired>>;

} // namespace roost
