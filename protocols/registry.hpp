#pragma once

#include <caf/fwd.hpp>

namespace roost {

/// Makes every message type of the vocabulary known to an actor system that is about to be made.
void register_messages(caf::actor_system_config& config);

} // namespace roost
