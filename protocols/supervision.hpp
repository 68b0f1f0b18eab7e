#pragma once

#include "protocols/errors.hpp"
#include "protocols/runtime.hpp"
#include "protocols/supervision_types.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// The vocabulary of supervision. All of it stays on the node.
namespace roost {

/// What a factory is told when its child is to be started.
struct child_start {
  caf::actor_system& system;
  const std::string& id;
  /// Tells this incarnation from all others of the process; later ones are greater.
  std::uint64_t generation = 0;
};

/// Starts one incarnation of a child. Runs in the supervisor's context: it spawns and returns at
/// once. A failure (or an exception) counts as a crash of the child.
using child_factory =
    std::function<std::variant<caf::strong_actor_ptr, failure>(const child_start&)>;

/// A child and how to make it.
struct child_spec {
  child_rules rules{};
  child_factory make{};
};

/// A spec from a function that returns any actor handle, typed or not.
template <class Spawn>
child_spec supervised(child_rules rules, Spawn spawn) {
  return {std::move(rules),
          [spawn = std::move(spawn)](
              const child_start& start) -> std::variant<caf::strong_actor_ptr, failure> {
            return caf::actor_cast<caf::strong_actor_ptr>(spawn(start));
          }};
}

/// Asks for the live incarnation of a child. Callers keep the id, and ask again when the
/// incarnation that they know is gone.
struct resolve_child {
  std::string id;
};
/// One incarnation of a child; `caf::actor_cast` gives the typed handle back.
struct child_handle {
  caf::strong_actor_ptr actor;
  std::uint64_t generation = 0;
};

/// Starts one more child, after all others in the order. When it cannot be started it is forgotten.
struct add_child {
  child_spec spec;
};
/// Ends a child for good and forgets it; answered when it is gone.
struct remove_child {
  std::string id;
};
struct child_removed {
  std::string id;
};

struct list_children {};
struct child_info {
  std::string id;
  child_state state = child_state::starting;
  std::uint64_t generation = 0; ///< of the live or the latest incarnation
  std::uint64_t restarts = 0;
};
/// In the order in which they are started.
struct child_list {
  std::vector<child_info> children;
};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_supervision, caf::first_custom_type_id + 20)
CAF_ADD_TYPE_ID(roost_supervision, (roost::resolve_child))
CAF_ADD_TYPE_ID(roost_supervision, (roost::child_handle))
CAF_ADD_TYPE_ID(roost_supervision, (roost::add_child))
CAF_ADD_TYPE_ID(roost_supervision, (roost::remove_child))
CAF_ADD_TYPE_ID(roost_supervision, (roost::child_removed))
CAF_ADD_TYPE_ID(roost_supervision, (roost::list_children))
CAF_ADD_TYPE_ID(roost_supervision, (roost::child_list))
CAF_END_TYPE_ID_BLOCK(roost_supervision)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::resolve_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::child_handle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::add_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::remove_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::child_removed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::list_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::child_list)

namespace roost {

/// Starts children in order, restarts them when they crash, and ends them in reverse order. No
/// child outlives it. Told to exit, it ends in order within its children's shutdown times.
using supervisor_actor = caf::typed_actor<
    // The live incarnation, or why there is none: no_such_child, child_restarting, stopping.
    caf::replies_to<resolve_child>::with<child_handle>,
    // Starts a child: child_exists, too_many_children, stopping, or the factory's own failure.
    caf::replies_to<add_child>::with<child_handle>,
    // Ends and forgets a child: no_such_child, child_stuck.
    caf::replies_to<remove_child>::with<child_removed>,
    // All children.
    caf::replies_to<list_children>::with<child_list>,
    // Its own timers.
    caf::reacts_to<timer_fired>>;

} // namespace roost
