#pragma once

#include "actors/channel/breaker/breaker_types.hpp"
#include "actors/channel/transport/transport.hpp"
#include "protocols/channel_types.hpp"

namespace roost::channel {

/// What a reply means: to the caller, to the breaker, and for what may be done next.
struct judgement {
  call_reason reason = call_reason::none;
  verdict how = verdict::success;
  bool is_retryable = false;  ///< the same call may go better later
  bool may_try_again = false; ///< at once, where the channel is idempotent
  bool may_fall_back = false; ///< a fallback answers the same question
};

/// Total: every reply has a row, and what is not known counts against the helper. A helper that
/// names a category in `error.data.category` is believed: transient, timeout, internal, protocol,
/// overload, caller_error, not_found, auth, cancelled; else JSON-RPC's codes decide (section 5.1 of
/// its specification; -32800 is LSP's RequestCancelled).
judgement judge(const reply& x);

/// The attempt's time is over.
judgement judge_timeout();

} // namespace roost::channel
