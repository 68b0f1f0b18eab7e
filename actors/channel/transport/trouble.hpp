#pragma once

#include "actors/channel/transport/transport.hpp"

#include <string>

namespace roost::channel {

/// Why there is no way to a helper, as a reply says it.
struct trouble {
  reply_kind kind = reply_kind::transport;
  std::string detail; ///< for the log and administrators
};

} // namespace roost::channel
