#pragma once

#include "actors/runtime/result.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>

namespace roost::terminal {

/// Where roost-keeper is: beside the running program, or where the build puts it. Empty if it is
/// not there.
std::string find_keeper_program();

/// Makes FOLDER (0700) and starts a keeper for it, which becomes a daemon. Calls `done` once, on a
/// thread of the io_context, with the exit status of the launching process: 0 when the keeper's
/// socket listens. Error: setup_error::internal, with what could not be done.
result<void> launch_keeper(boost::asio::io_context& io, const std::string& program,
                           const std::string& folder, std::function<void(int)> done);

} // namespace roost::terminal
