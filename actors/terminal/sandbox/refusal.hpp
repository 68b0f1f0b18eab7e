#pragma once

#include <string>
#include <string_view>

#include "protocols/errors.hpp"

namespace roost::terminal {

/// Why a sandbox could not be made, from what bubblewrap printed (`keeper::refused::text` at
/// `keeper::step::sandbox`): sandbox_unavailable with a sentence that says what to do and names
/// nothing of the machine. What was printed holds paths, so it is for the log only. Pure.
failure explain_refusal(std::string_view printed, const std::string& profile);

} // namespace roost::terminal
