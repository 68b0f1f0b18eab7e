#pragma once

#include "protocols/events.hpp"
#include "protocols/runtime.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// The vocabulary of recordings. What is recorded goes to the archive (archive.hpp).
namespace roost {

/// Records the output of the node's sessions. One per node.
using recordings_actor = caf::typed_actor<
    // A session's life, from the directory.
    caf::reacts_to<publish_session>,
    // Its own timers.
    caf::reacts_to<timer_fired>>;

} // namespace roost
