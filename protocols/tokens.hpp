#pragma once

#include "protocols/runtime.hpp"

#include <caf/typed_actor.hpp>

namespace roost {

/// Keeps a node's tokens and the database's in step. One per node.
using token_sync_actor = caf::typed_actor<
    // Its own timers.
    caf::reacts_to<timer_fired>>;

} // namespace roost
