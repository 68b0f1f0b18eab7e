#pragma once

#include "actors/terminal/screen/cell.hpp"

#include <string>

namespace roost::terminal {

/// Appends the SGR sequence that sets colours, flags and underline to those of `a`, whatever they
/// were before. Protection and hyperlinks are not SGR's.
void append_sgr(std::string& out, const attributes& a);

} // namespace roost::terminal
