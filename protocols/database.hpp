#pragma once

#include "protocols/database_types.hpp"
#include "protocols/runtime.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>

/// The vocabulary of the database: its initializer, and the worker that does for it what blocks.
/// All of it stays on the node.
namespace roost {

/// An attempt has got to this state.
struct init_progress {
  database_state to = database_state::connecting;
  std::uint32_t step = 0; ///< of `steps` migrations
  std::uint32_t steps = 0;
};
/// What an attempt, or a look at a database that was ready, has come to.
struct init_outcome {
  bool is_ok = false;
  std::uint32_t schema_version = 0; ///< if it is
  std::uint8_t trouble = 0;         ///< database::trouble, if it is not
  std::string reason;               ///< for people
};

/// How many records the shared database does not have yet.
struct outbox_depth {
  std::uint64_t records = 0;
  std::string trouble = {}; ///< why it has not taken any for long, for people; empty: it takes them
};

/// Begins an attempt. The worker says how it goes on.
struct begin_init {};
/// Looks whether a database that was ready is still there.
struct check_database {};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_database, caf::first_custom_type_id + 400)
CAF_ADD_TYPE_ID(roost_database, (roost::init_progress))
CAF_ADD_TYPE_ID(roost_database, (roost::init_outcome))
CAF_ADD_TYPE_ID(roost_database, (roost::begin_init))
CAF_ADD_TYPE_ID(roost_database, (roost::check_database))
CAF_ADD_TYPE_ID(roost_database, (roost::outbox_depth))
CAF_END_TYPE_ID_BLOCK(roost_database)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::init_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::init_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::begin_init)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::check_database)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::outbox_depth)

namespace roost {

/// The node's initializer: brings the database up, watches it, tells everybody its state.
using database_actor = caf::typed_actor<
    // How an attempt goes on, from the worker.
    caf::reacts_to<init_progress>,
    // How much waits for it, from the archive.
    caf::reacts_to<outbox_depth>,
    // Its own timers.
    caf::reacts_to<timer_fired>>;

/// Does what blocks, one thing after the other, on a thread of its own.
using database_worker_actor = caf::typed_actor<
    // Brings the database up.
    caf::replies_to<begin_init>::with<init_outcome>,
    // Looks whether it is still there.
    caf::replies_to<check_database>::with<init_outcome>>;

} // namespace roost
