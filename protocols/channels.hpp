#pragma once

#include "protocols/channel_types.hpp"
#include "protocols/runtime.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The vocabulary of channels: calls to helper processes, and what administrators do to their
/// breakers. All of it stays on the node.
namespace roost {

struct channel_config;
namespace channel {
struct reply;
}

/// Calls a helper's method. Answered once, within `timeout`, whatever the helper does.
struct call_channel {
  std::uint64_t key = 0; ///< for cancel_call: one that nobody else has; 0: it is not cancelled
  std::string method;
  std::string params;                   ///< JSON text: an object or an array; empty: none
  std::chrono::milliseconds timeout{0}; ///< of the whole call; 0: the channel's
  std::string correlation;              ///< for the log
};
/// Whoever called does not want to know any more: the call is answered with `cancelled`.
struct cancel_call {
  std::uint64_t key = 0;
};

struct show_channel {};

/// Sets a breaker by hand, or (no state) leaves it to itself again.
struct override_channel {
  std::string state; ///< "forced-open", "disabled", "metrics-only"; empty: clears
  std::string who;
  std::string reason;
  std::chrono::milliseconds lasts{0}; ///< 0: until it is cleared
};

/// Takes over another configuration; calls that are out are not touched.
struct configure_channel {
  std::shared_ptr<const channel_config> what;
};

/// A helper's answer, from its transport.
struct helper_replied {
  std::shared_ptr<channel::reply> what;
};
/// The transport has stopped.
struct helper_stopped {};

/// The channels of the configuration are other ones.
struct reload_channels {
  std::shared_ptr<const std::vector<channel_config>> what;
};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_channels, caf::first_custom_type_id + 460)
CAF_ADD_TYPE_ID(roost_channels, (roost::call_channel))
CAF_ADD_TYPE_ID(roost_channels, (roost::call_answer))
CAF_ADD_TYPE_ID(roost_channels, (roost::cancel_call))
CAF_ADD_TYPE_ID(roost_channels, (roost::show_channel))
CAF_ADD_TYPE_ID(roost_channels, (roost::channel_status))
CAF_ADD_TYPE_ID(roost_channels, (roost::override_channel))
CAF_ADD_TYPE_ID(roost_channels, (roost::configure_channel))
CAF_ADD_TYPE_ID(roost_channels, (roost::helper_replied))
CAF_ADD_TYPE_ID(roost_channels, (roost::helper_stopped))
CAF_ADD_TYPE_ID(roost_channels, (roost::reload_channels))
CAF_END_TYPE_ID_BLOCK(roost_channels)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::call_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::call_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::cancel_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::show_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::channel_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::override_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::configure_channel)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::helper_replied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::helper_stopped)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::reload_channels)

namespace roost {

/// One channel: its breaker, its calls, its transport.
using channel_actor = caf::typed_actor<
    // A call; always answered with a call_answer, never with an error.
    caf::replies_to<call_channel>::with<call_answer>,
    // Ends a call early.
    caf::reacts_to<cancel_call>,
    // The channel as it is now.
    caf::replies_to<show_channel>::with<channel_status>,
    // Sets or clears an override; answered with the channel as it is then. bad_value: no such
    // state.
    caf::replies_to<override_channel>::with<channel_status>,
    // Another configuration, same name and transport.
    caf::reacts_to<configure_channel>,
    // From its transport.
    caf::reacts_to<helper_replied>, caf::reacts_to<helper_stopped>,
    // Its own timers.
    caf::reacts_to<timer_fired>>;

/// Keeps the node's channels as the configuration has them; each is found through the
/// channel::directory, not through here.
using channels_actor = caf::typed_actor<
    // The configuration after a reload.
    caf::reacts_to<reload_channels>,
    // Its own timers.
    caf::reacts_to<timer_fired>>;

} // namespace roost
