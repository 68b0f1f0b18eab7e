#pragma once

#include "protocols/events.hpp"
#include "protocols/runtime.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// The vocabulary of the archive: what the node writes down, and who asks for it later. All of it
/// stays on the node.
namespace roost {

namespace database {
class store;
struct record_batch;
} // namespace database

/// Writes records down as soon as may be. Nobody waits for it; what finds no room is counted.
struct keep_records {
  std::shared_ptr<const database::record_batch> what;
};
/// Writes records down before what they tell of is done: answered when they are in the node's own
/// file. store_unavailable: they are not, and what they tell of is not to be done.
struct keep_for_sure {
  std::shared_ptr<const database::record_batch> what;
};
struct records_kept {};
/// Asks the archive something. `look` is called once, on a thread that may block, with the store,
/// or null when it cannot be read now. It does not throw, and answers by itself whoever wants to
/// know.
struct read_archive {
  std::function<void(database::store*)> look;
};
struct archive_read {};

/// What a detached worker is told to do, and says when it is done.
struct write_batch {
  std::shared_ptr<const database::record_batch> what;
};
struct batch_written {
  bool is_ok = false;
  bool is_lost = false; ///< it can never be written: what is in it is gone
  std::string reason;
  std::uint64_t outbox = 0; ///< records that the shared database does not have yet
  std::uint64_t outbox_bytes = 0;
  std::uint64_t outbox_dropped = 0; ///< measures that found no room there, since the file was made
};
struct ship_some {};
struct some_shipped {
  bool is_ok = false;
  std::uint64_t records = 0;
  std::uint64_t left = 0;
  std::string reason;   ///< for people
  std::string log = {}; ///< the database's own words
};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_archive, caf::first_custom_type_id + 420)
CAF_ADD_TYPE_ID(roost_archive, (roost::keep_records))
CAF_ADD_TYPE_ID(roost_archive, (roost::read_archive))
CAF_ADD_TYPE_ID(roost_archive, (roost::archive_read))
CAF_ADD_TYPE_ID(roost_archive, (roost::write_batch))
CAF_ADD_TYPE_ID(roost_archive, (roost::batch_written))
CAF_ADD_TYPE_ID(roost_archive, (roost::ship_some))
CAF_ADD_TYPE_ID(roost_archive, (roost::some_shipped))
CAF_ADD_TYPE_ID(roost_archive, (roost::keep_for_sure))
CAF_ADD_TYPE_ID(roost_archive, (roost::records_kept))
CAF_END_TYPE_ID_BLOCK(roost_archive)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::keep_records)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::read_archive)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::archive_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::write_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::batch_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::ship_some)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::some_shipped)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::keep_for_sure)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::records_kept)

namespace roost {

/// The node's archive. One per node.
using archive_actor = caf::typed_actor<
    // Something to write down.
    caf::reacts_to<keep_records>,
    // Something to write down first; store_unavailable when that cannot be done now.
    caf::replies_to<keep_for_sure>::with<records_kept>,
    // A session's life, from the directory.
    caf::reacts_to<publish_session>,
    // A question; answered when `look` has been called. at_capacity: too many are waiting.
    caf::replies_to<read_archive>::with<archive_read>,
    // Its own timers.
    caf::reacts_to<timer_fired>>;

/// Writes to the node's own file. Blocks: spawned detached.
using archive_writer_actor = caf::typed_actor<
    // A batch, all or nothing.
    caf::replies_to<write_batch>::with<batch_written>>;

/// Reads from it, on a thread of its own.
using archive_reader_actor = caf::typed_actor<
    // Calls the question's function.
    caf::replies_to<read_archive>::with<archive_read>>;

/// Brings what was written to the shared database. Blocks: spawned detached.
using archive_shipper_actor = caf::typed_actor<
    // The next records, in order.
    caf::replies_to<ship_some>::with<some_shipped>>;

} // namespace roost
