#pragma once

#include <string>
#include <string_view>

#include "apps/roost/session_link.hpp"

namespace roost::cli {

/// What `roost attach` says of itself, in brackets around the session's own output. Pure; `name` is
/// made printable here.

/// After the first attach, in a window of the size `mine`; ends with the window's title.
std::string greeting(std::string_view name, const link_attached& news, terminal_size mine,
                     std::string_view detach_keys);

/// After the user has left the session `id`. When the server is full, coming back may be refused.
std::string farewell(std::string_view name, std::string_view id, bool is_server_full);

/// After the session has ended; `how` is "exit 3", "signal HUP", or "" if that is not known.
std::string ended_words(std::string_view name, std::string_view how);

} // namespace roost::cli
