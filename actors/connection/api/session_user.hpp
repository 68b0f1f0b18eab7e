#pragma once

#include "actors/connection/principal.hpp"
#include "actors/runtime/result.hpp"

#include <string>

namespace roost::connection::api {

/// Whom a session is asked to run as by somebody who may ask for it: the user of their token, whom
/// nothing changes; else `asked`, which for all but admins must be `otherwise`, the one for whom
/// nobody has to ask. Empty: nobody was named. Whether sessions may run as that user at all is the
/// terminal's to say. Error: run_as_refused. Pure.
result<std::string> session_user(const principal& who, const std::string& asked,
                                 const std::string& otherwise);

} // namespace roost::connection::api
