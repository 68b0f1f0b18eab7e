#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/roost/outcome.hpp"

namespace roost::cli {

/// Takes "Enter,C-c,Up" apart. A comma as a key is written `,,` (or alone). Which names there are
/// is the server's to say. An empty name is a failure of exit status 2. Pure.
outcome<std::vector<std::string>> split_key_list(std::string_view list);

} // namespace roost::cli
