#pragma once

#include "protocols/pool_types.hpp"
#include "protocols/runtime.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// The vocabulary of the pools: questions to the shared database. All of it stays on the node.
namespace roost {

namespace database {
class store;
struct pool_question;
} // namespace database

/// Asks the shared database something. `look` is called at most once, on a thread that may block;
/// it does not throw and owns what it touches, since it may still be under way when the answer to
/// this message is that the deadline has passed.
struct ask_shared {
  database_pool pool = database_pool::analytics;
  std::chrono::milliseconds patience{10'000}; ///< from now on; waiting included
  std::function<void(database::store&)> look;
  std::uint64_t key = 0; ///< for cancel_shared: one that nobody else has; 0: it is not cancelled
};
struct shared_answered {};
/// Whoever asked this does not want to know any more.
struct cancel_shared {
  std::uint64_t key = 0;
};

/// What a worker is given, and says when it is done.
struct answer_question {
  std::shared_ptr<const database::pool_question> what;
};
struct question_done {
  bool is_connected = false;
  std::uint8_t trouble = 0; ///< database::trouble, if it is not
  std::string reason;       ///< for the log
};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_pools, caf::first_custom_type_id + 440)
CAF_ADD_TYPE_ID(roost_pools, (roost::ask_shared))
CAF_ADD_TYPE_ID(roost_pools, (roost::shared_answered))
CAF_ADD_TYPE_ID(roost_pools, (roost::cancel_shared))
CAF_ADD_TYPE_ID(roost_pools, (roost::answer_question))
CAF_ADD_TYPE_ID(roost_pools, (roost::question_done))
CAF_END_TYPE_ID_BLOCK(roost_pools)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::ask_shared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::shared_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::cancel_shared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::answer_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::question_done)

namespace roost {

/// The node's pools of workers for the shared database. One per node that has one.
using pools_actor = caf::typed_actor<
    // A question; answered when `look` has been called. deadline_exceeded: at the deadline,
    // whatever the worker does; at_capacity: too many are waiting; store_unavailable: the database
    // is away.
    caf::replies_to<ask_shared>::with<shared_answered>,
    // Ends a question, which is answered with deadline_exceeded.
    caf::reacts_to<cancel_shared>,
    // Its own timers.
    caf::reacts_to<timer_fired>>;

/// Answers one question after the other. Blocks: spawned detached.
using pool_worker_actor = caf::typed_actor<
    // Calls the question's function.
    caf::replies_to<answer_question>::with<question_done>>;

} // namespace roost
