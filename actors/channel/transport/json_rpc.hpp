#pragma once

#include "actors/channel/transport/transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// JSON-RPC 2.0 as a client writes and reads it (https://www.jsonrpc.org/specification). Ids are
/// ours: unsigned 64-bit numbers. Batches are not used.
namespace roost::channel {

/// The longest `error.data.category` that is taken over, in bytes.
inline constexpr std::size_t longest_category = 32;

/// A request as one line of JSON, without a newline. `params` is taken as it is, but for line ends,
/// which JSON has only between its tokens.
std::string render_request(std::uint64_t id, std::string_view method, std::string_view params);

/// The notification that nobody waits for an answer any more, as the Language Server Protocol has
/// it: one line of JSON, without a newline.
std::string render_cancel(std::uint64_t id);

/// What one message from the helper is.
struct incoming {
  enum class kind : std::uint8_t {
    response, ///< `what` is the answer to the request of that id
    stray,    ///< a response with an id that cannot be one of ours
    ignored,  ///< a notification, or a request: nobody here answers those
    violation ///< not JSON, or not JSON-RPC 2.0; `what.detail` says why
  };
  kind is = kind::violation;
  reply what;
};

/// Reads one message. Strict: a key twice in one object, both or neither of result and error,
/// another version, a batch, an error without code and message, an id of null, a nesting deeper
/// than 32 are violations. Unknown keys are not. `result` is written again without white space;
/// numbers keep their digits.
incoming parse_message(std::string_view text);

} // namespace roost::channel
