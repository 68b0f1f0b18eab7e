#pragma once

#include <string>

#include "actors/runtime/config_sandbox.hpp"
#include "actors/runtime/result.hpp"

namespace roost::terminal {

/// The kernel's program (classic BPF) that refuses system calls, for bubblewrap's --add-seccomp-fd;
/// empty for `none`. What is refused, and how, are tables in filter.cpp. Made anew each time
/// (under a millisecond). Thread-safe. Error: sandbox_unavailable.
result<std::string> make_filter(system_call_filter which);

} // namespace roost::terminal
