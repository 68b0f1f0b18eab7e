#pragma once

#include "protocols/errors.hpp"

#include <caf/error.hpp>

namespace roost {

/// A failure as CAF carries it: code, the domain's atom as category, the detail as context.
caf::error to_caf(const failure& why);

/// Back again. CAF's own errors are mapped: a time-out to deadline_exceeded, a receiver that is
/// gone to no_such_session, anything else to internal.
failure from_caf(const caf::error& why);

} // namespace roost
