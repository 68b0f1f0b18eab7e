#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#include <cstdint>

/// Messages that every actor may use for itself.
namespace roost {

/// A timer of the actor's own has come due. `generation` tells a current one from one that was
/// cancelled or re-armed meanwhile: CAF 0.17 cannot take back a delayed message.
struct timer_fired {
  std::uint32_t timer = 0;
  std::uint64_t generation = 0;
};

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_runtime, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(roost_runtime, (roost::timer_fired))
CAF_END_TYPE_ID_BLOCK(roost_runtime)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::timer_fired)
