#include "protocols/registry.hpp"

#include "protocols/archive.hpp"
#include "protocols/channels.hpp"
#include "protocols/connection.hpp"
#include "protocols/database.hpp"
#include "protocols/events.hpp"
#include "protocols/keeper.hpp"
#include "protocols/pools.hpp"
#include "protocols/runtime.hpp"
#include "protocols/supervision.hpp"
#include "protocols/terminal.hpp"

#include <caf/actor_system_config.hpp>

namespace roost {

namespace {

template <class Earlier, class Later>
constexpr bool in_order = Earlier::end <= Later::begin;

// Type ids are handed out by hand, a hundred per header: overlapping blocks would mix up messages.
static_assert(in_order<caf::id_block::roost_runtime, caf::id_block::roost_supervision>);
static_assert(in_order<caf::id_block::roost_supervision, caf::id_block::roost_terminal>);
static_assert(in_order<caf::id_block::roost_terminal, caf::id_block::roost_keeper>);
static_assert(in_order<caf::id_block::roost_keeper, caf::id_block::roost_connection>);
static_assert(in_order<caf::id_block::roost_connection, caf::id_block::roost_events>);
static_assert(in_order<caf::id_block::roost_events, caf::id_block::roost_database>);
static_assert(in_order<caf::id_block::roost_database, caf::id_block::roost_archive>);
static_assert(in_order<caf::id_block::roost_archive, caf::id_block::roost_pools>);
static_assert(in_order<caf::id_block::roost_pools, caf::id_block::roost_channels>);

} // namespace

void register_messages(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::roost_runtime>();
  config.add_message_types<caf::id_block::roost_supervision>();
  config.add_message_types<caf::id_block::roost_terminal>();
  config.add_message_types<caf::id_block::roost_keeper>();
  config.add_message_types<caf::id_block::roost_connection>();
  config.add_message_types<caf::id_block::roost_events>();
  config.add_message_types<caf::id_block::roost_database>();
  config.add_message_types<caf::id_block::roost_archive>();
  config.add_message_types<caf::id_block::roost_pools>();
  config.add_message_types<caf::id_block::roost_channels>();
}

} // namespace roost
