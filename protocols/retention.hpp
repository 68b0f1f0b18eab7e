#pragma once

#include "protocols/runtime.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// The vocabulary of what removes records that are too old.
namespace roost {

/// Removes what is older than it is to be kept. One per node.
using retention_actor = caf::typed_actor<
    // Its own timers.
    caf::reacts_to<timer_fired>>;

} // namespace roost
