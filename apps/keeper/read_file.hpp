#pragma once

#include <string>

namespace roost::keeper {

/// A whole file of /proc or of a cgroup; empty if it is gone.
std::string read_file(const char* path);

} // namespace roost::keeper
